"""auth.domain.confirmation: what lets more be spent unasked, and what a change of limits ends."""

from datetime import UTC, datetime

import pytest

from auth.domain.confirmation import decide_limits, loosens
from auth.domain.users import ORDINARY, User, UserStatus, decide_deletion
from kit.ids import new_id


def user(**limits: int) -> User:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    return User(
        id=new_id(),
        number=1,
        username="alice",
        email=None,
        full_name=None,
        status=UserStatus.ACTIVE,
        roles=ORDINARY,
        token_version=4,
        version=2,
        created_at=now,
        activated_at=now,
        confirm_above=limits,
    )


@pytest.mark.parametrize(
    ("before", "after", "is_looser"),
    [
        ({}, {}, False),
        ({}, {"RUB": 100}, False),
        ({"RUB": 100}, {"RUB": 100}, False),
        ({"RUB": 100}, {"RUB": 99}, False),
        ({"RUB": 100}, {"RUB": 99, "USD": 10**15}, False),
        ({"RUB": 100}, {"RUB": 101}, True),
        ({"RUB": 100}, {}, True),
        ({"RUB": 100}, {"USD": 100}, True),
        ({"RUB": 100, "USD": 100}, {"RUB": 1, "USD": 101}, True),
    ],
)
def test_a_limit_raised_or_removed_loosens(
    before: dict[str, int],
    after: dict[str, int],
    is_looser: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    assert loosens(before, after) is is_looser


def test_other_limits_end_older_tokens_and_are_no_news_to_other_services() -> None:
    before = user(RUB=100)
    after = decide_limits(before, {"USD": 5})
    assert after.confirm_above == {"USD": 5}
    assert (after.token_version, after.version) == (5, 2)


def test_equal_limits_change_nothing() -> None:
    before = user(RUB=100)
    assert decide_limits(before, {"RUB": 100}) is before


def test_a_deleted_user_has_no_limits() -> None:
    assert decide_deletion(user(RUB=100), other_active_admins=1).confirm_above == {}
