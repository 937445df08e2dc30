"""Passkeys: their names, how many, and which were copied."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from auth.domain.factors.passkeys import MOST, Passkey, is_copied, name, require_room
from auth.refusals import PasskeyNameInvalid, TooManyPasskeys


def passkey(sign_count: int) -> Passkey:
    return Passkey(
        id=UUID(int=1),
        user_id=UUID(int=2),
        credential_id=b"id",
        public_key=b"key",
        sign_count=sign_count,
        name="My phone",
        transports=("internal",),
        created_at=datetime(2026, 1, 31, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("before", "now", "copied"),
    [(0, 0, False), (0, 1, False), (7, 8, False), (7, 7, True), (7, 6, True), (7, 0, True)],
)
def test_a_count_that_does_not_grow_is_a_copy_unless_there_is_none(
    before: int,
    now: int,
    copied: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    assert is_copied(passkey(before), now) is copied


def test_a_name_is_kept_without_spaces_around_it() -> None:
    assert name("  Мой телефон 📱 ") == "Мой телефон 📱"


@pytest.mark.parametrize("text", ["", "   ", "a\nb", "a\x00b", "\u202ea", "a" * 65])
def test_a_name_has_visible_characters(text: str) -> None:
    with pytest.raises(PasskeyNameInvalid):
        name(text)


def test_there_is_room_for_twenty() -> None:
    require_room(MOST - 1)
    with pytest.raises(TooManyPasskeys):
        require_room(MOST)
