"""Sessions and refresh tokens."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.domain.sessions import (
    PresentedToken,
    Refreshed,
    Session,
    SessionRules,
    decide_refresh,
    is_noted,
    make_refresh_token,
    read_refresh_token,
)

NOW = datetime(2026, 3, 4, tzinfo=UTC)
KEY = bytes(range(32))
GRACE = timedelta(seconds=20)
RULES = SessionRules(idle=timedelta(days=14), absolute=timedelta(days=90), grace=GRACE)
SESSION = Session(
    id=UUID(int=1),
    user_id=UUID(int=2),
    counter=5,
    hmac_key=KEY,
    created_at=NOW,
    rotated_at=NOW,
    expires_at=NOW + timedelta(days=14),
    ended_at=None,
    authenticated_at=NOW,
)


def token_at(counter: int) -> PresentedToken:
    presented = read_refresh_token(make_refresh_token(SESSION.id, counter, KEY))
    assert presented is not None
    return presented


@given(st.uuids(), st.integers(0, 2**32 - 1), st.binary(min_size=32, max_size=32))
def test_a_token_is_read_as_it_was_made_and_is_genuine(
    session_id: UUID, counter: int, key: bytes
) -> None:
    presented = read_refresh_token(make_refresh_token(session_id, counter, key))
    assert presented is not None
    assert (presented.session_id, presented.counter) == (session_id, counter)
    assert presented.is_genuine(key)


def test_the_same_counter_gives_the_same_token_and_another_one_another() -> None:
    assert make_refresh_token(SESSION.id, 5, KEY) == make_refresh_token(SESSION.id, 5, KEY)
    assert make_refresh_token(SESSION.id, 5, KEY) != make_refresh_token(SESSION.id, 6, KEY)


def test_a_token_of_another_session_counter_or_key_is_not_genuine() -> None:
    presented = token_at(5)
    assert presented.is_genuine(KEY)
    assert not presented.is_genuine(bytes(32))
    assert not replace(presented, counter=6).is_genuine(KEY)
    assert not replace(presented, session_id=UUID(int=9)).is_genuine(KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rt_",
        "rt_" + "A" * 69,
        "rt_" + "A" * 71,
        "xx_" + "A" * 70,
        "rt_" + "!" * 70,
        "rt_" + "ы" * 70,
        "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
        "rt_" + "\ud800" * 70,
    ],
)
def test_what_has_not_the_form_of_a_token_is_none(text: str) -> None:
    assert read_refresh_token(text) is None


@given(st.text(max_size=100))
def test_no_text_breaks_the_reading(text: str) -> None:
    read_refresh_token(text)


@pytest.mark.parametrize(
    ("presented", "seconds_later", "expected"),
    [
        (5, 0, Refreshed.ROTATE),
        (5, 10_000, Refreshed.ROTATE),
        (4, 0, Refreshed.REPEAT),
        (4, 20, Refreshed.REPEAT),
        (4, 21, Refreshed.REUSED),
        (3, 0, Refreshed.REUSED),
        (0, 0, Refreshed.REUSED),
        (6, 0, Refreshed.REUSED),
    ],
)
def test_one_step_behind_is_forgiven_for_a_moment_and_nothing_else_is(
    presented: int, seconds_later: int, expected: Refreshed
) -> None:
    now = NOW + timedelta(seconds=seconds_later)
    assert decide_refresh(SESSION, token_at(presented), now=now, grace=GRACE) is expected


def test_a_session_ends_by_itself_at_the_earlier_of_idle_and_absolute() -> None:
    assert RULES.expires_at(NOW, NOW) == NOW + timedelta(days=14)
    used = NOW + timedelta(days=80)
    assert RULES.expires_at(NOW, used) == NOW + timedelta(days=90)


def test_a_session_lives_until_it_runs_out_or_is_ended() -> None:
    assert SESSION.is_live(NOW)
    assert not SESSION.is_live(SESSION.expires_at)
    assert not replace(SESSION, ended_at=NOW).is_live(NOW)


def test_a_rotated_session_counts_one_up() -> None:
    later = NOW + timedelta(hours=1)
    rotated = SESSION.rotated(later, RULES.expires_at(NOW, later), "203.0.113.7")
    assert (rotated.counter, rotated.rotated_at, rotated.address) == (6, later, "203.0.113.7")
    assert rotated.expires_at == later + timedelta(days=14)


@pytest.mark.parametrize(
    ("seconds_later", "address", "expected"),
    [
        (0, "here", False),
        (3599, "here", False),
        (3600, "here", True),
        (0, "there", True),
    ],
)
def test_a_refresh_is_noted_once_an_hour_and_from_each_new_address(
    seconds_later: int, address: str, *, expected: bool
) -> None:
    before = replace(SESSION, rotated_at=NOW.replace(minute=0, second=0), address="here")
    later = before.rotated_at + timedelta(seconds=seconds_later)
    assert is_noted(before, before.rotated(later, SESSION.expires_at, address)) is expected
