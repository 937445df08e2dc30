"""When a login is locked, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.domain.lockout import FAILURES, Failures, failures_key, require_unlocked
from auth.refusals import LoginLocked
from kit.ids import new_id

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = failures_key("alice", "198.51.100.7")


def failures(count: int, left: float) -> Failures:
    return Failures(KEY, new_id(), count, NOW + timedelta(seconds=left))


@pytest.mark.parametrize(
    ("count", "left", "retry_after"),
    [
        (1, 900, None),
        (FAILURES - 1, 900, None),
        (FAILURES, 900, "900"),
        (FAILURES, 0.5, "1"),
        (FAILURES, 899.001, "900"),
        (FAILURES, 0, None),
        (FAILURES, -1, None),
        (FAILURES + 7, 60, "60"),
    ],
)
def test_a_password_is_looked_at_unless_there_were_too_many_wrong_ones(
    count: int, left: float, retry_after: str | None
) -> None:
    if retry_after is None:
        require_unlocked(failures(count, left), NOW)
        return
    with pytest.raises(LoginLocked) as refused:
        require_unlocked(failures(count, left), NOW)
    assert refused.value.headers["Retry-After"] == retry_after


def test_whoever_has_given_no_wrong_password_is_looked_at() -> None:
    require_unlocked(Failures(KEY, None), NOW)


@pytest.mark.parametrize(("count", "begins"), [(9, False), (10, True), (11, False)])
def test_one_of_them_begins_the_lock(count: int, begins: bool) -> None:  # noqa: FBT001
    assert failures(count, 900).begins_a_lock is begins


def test_names_and_addresses_are_counted_apart() -> None:
    others = {failures_key("alice", "198.51.100.8"), failures_key("bob", "198.51.100.7")}
    assert KEY not in others
    assert len(KEY) == 32
