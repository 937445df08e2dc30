"""When a login has to wait, as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth.domain.lockout import (
    LOCK,
    Failures,
    LockoutRules,
    LockoutScope,
    counts_of,
    place_key,
    place_of,
    require_unlocked,
)
from auth.refusals import LoginLocked
from kit.ids import new_id

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
RULES = LockoutRules()
NONE = Failures(counts_of("alice", "198.51.100.7", NOW, RULES))


def failures(scope: LockoutScope, count: int, ago: float, *, known: bool = False) -> Failures:
    """Return so many wrong passwords for one scope, the latest so many seconds ago."""
    ends_at = NOW - timedelta(seconds=ago) + RULES.backoff(scope).kept
    counts = (
        replace(one, count=count, ends_at=ends_at) if one.scope is scope else one
        for one in NONE.counts
    )
    return Failures(tuple(counts), new_id(), NOW if known else None)


def waits(found: Failures) -> int:
    """Return for how many seconds a password is not looked at."""
    try:
        require_unlocked(found, NOW)
    except LoginLocked as refused:
        return int(refused.headers["Retry-After"])
    return 0


@pytest.mark.parametrize(
    ("scope", "count", "ago", "seconds"),
    [
        (LockoutScope.LOGIN, 1, 0, 0),
        (LockoutScope.LOGIN, 9, 0, 0),
        (LockoutScope.LOGIN, 10, 0, 900),
        (LockoutScope.LOGIN, 10, 899.5, 1),
        (LockoutScope.LOGIN, 10, 0.001, 900),
        (LockoutScope.LOGIN, 10, 900, 0),
        (LockoutScope.LOGIN, 17, 840, 60),
        (LockoutScope.NAME, 19, 0, 0),
        (LockoutScope.NAME, 20, 0, 1),
        (LockoutScope.NAME, 20, 1, 0),
        (LockoutScope.NAME, 21, 0, 2),
        (LockoutScope.NAME, 25, 0, 32),
        (LockoutScope.NAME, 29, 0, 512),
        (LockoutScope.NAME, 30, 0, 900),
        (LockoutScope.NAME, 1_000_000, 0, 900),
        (LockoutScope.NAME, 30, 900, 0),
        (LockoutScope.PLACE, 99, 0, 0),
        (LockoutScope.PLACE, 100, 0, 1),
        (LockoutScope.PLACE, 105, 2, 30),
        (LockoutScope.PLACE, 200, 0, 900),
        (LockoutScope.EVERYBODY, 599, 0, 0),
        (LockoutScope.EVERYBODY, 600, 0, 60),
        (LockoutScope.EVERYBODY, 9_000, 0, 60),
        (LockoutScope.EVERYBODY, 9_000, 60, 0),
    ],
)
def test_a_password_is_looked_at_unless_there_were_too_many_wrong_ones(
    scope: LockoutScope, count: int, ago: float, seconds: int
) -> None:
    assert waits(failures(scope, count, ago)) == seconds


@pytest.mark.parametrize("scope", [LockoutScope.NAME, LockoutScope.PLACE, LockoutScope.EVERYBODY])
def test_who_is_known_in_a_place_waits_there_for_nobody_elses_mistakes(scope: LockoutScope) -> None:
    assert waits(failures(scope, 1_000_000, 0, known=True)) == 0
    assert waits(failures(LockoutScope.LOGIN, 10, 0, known=True)) == 900


def test_the_longest_wait_counts() -> None:
    name, login = failures(LockoutScope.NAME, 25, 0), failures(LockoutScope.LOGIN, 10, 0)
    both = tuple(
        max(pair, key=lambda one: one.count) for pair in zip(name.counts, login.counts, strict=True)
    )
    assert waits(Failures(both)) == 900


def test_whoever_has_given_no_wrong_password_is_looked_at() -> None:
    assert waits(NONE) == 0


@pytest.mark.parametrize(
    ("scope", "count", "begins"),
    [
        (LockoutScope.LOGIN, 9, False),
        (LockoutScope.LOGIN, 10, True),
        (LockoutScope.LOGIN, 11, False),
        (LockoutScope.NAME, 20, True),
        (LockoutScope.NAME, 21, False),
        (LockoutScope.PLACE, 100, False),
        (LockoutScope.EVERYBODY, 600, False),
    ],
)
def test_the_owner_is_told_once_of_what_concerns_the_name(
    scope: LockoutScope,
    count: int,
    begins: bool,  # noqa: FBT001
) -> None:
    assert failures(scope, count, 0).begin_a_lock is begins


def test_an_attacker_of_one_name_gets_thirty_answers_in_a_quarter_of_an_hour() -> None:
    backoff, waited, answers = RULES.backoff(LockoutScope.NAME), timedelta(), 0
    while waited < LOCK:
        answers += 1
        waited += backoff.wait_after(answers)
    assert answers == 29


def keys(name: str, address: str, now: datetime = NOW) -> list[bytes]:
    return [one.key for one in counts_of(name, address, now, RULES)]


def test_each_is_counted_apart_from_the_others() -> None:
    login, name, place, everybody = keys("alice", "198.51.100.7")
    assert len({login, name, place, everybody}) == 4
    assert keys("bobby", "198.51.100.7")[2:] == [place, everybody]
    assert keys("alice", "198.51.100.8")[1::2] == [name, everybody]
    assert not {login, name} & set(keys("bobby", "198.51.100.7"))
    assert not {login, place} & set(keys("alice", "198.51.100.8"))
    assert keys("alice", "198.51.100.7", NOW + timedelta(seconds=59)) == [
        login, name, place, everybody,
    ]  # fmt: skip
    assert keys("alice", "198.51.100.7", NOW + timedelta(seconds=60))[3] != everybody
    assert place_key("198.51.100.7") == place


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_the_addresses_of_one_line_are_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


def test_a_place_is_stored_again_once_a_day() -> None:
    for known_at, stores in ((None, True), (NOW, False), (NOW - timedelta(days=1), True)):
        assert replace(NONE, known_at=known_at).should_know_place(NOW) is stores
