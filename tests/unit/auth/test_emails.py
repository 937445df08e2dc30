"""A change of address, and who has to confirm it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from auth.domain.emails import ask_email_change, decide_email_change
from auth.domain.links import EMAIL_CHANGE, Purpose
from auth.domain.users import ORDINARY, User, UserStatus
from auth.refusals import EmailUnchanged

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ALICE = User(
    id=UUID(int=1),
    number=1,
    username="alice",
    email="Alice@example.com",
    full_name=None,
    status=UserStatus.ACTIVE,
    roles=ORDINARY,
    token_version=3,
    version=4,
    created_at=NOW,
    activated_at=NOW,
)
NEW = "alice@example.org"


@pytest.mark.parametrize("order", [EMAIL_CHANGE, EMAIL_CHANGE[::-1]])
def test_a_change_is_confirmed_by_both_addresses(order: tuple[Purpose, Purpose]) -> None:
    asked = ask_email_change(ALICE, NEW, NOW)
    assert not asked.is_confirmed
    once = asked.confirmed_by(order[0])
    assert not once.is_confirmed
    assert not once.confirmed_by(order[0]).is_confirmed
    assert once.confirmed_by(order[1]).is_confirmed


def test_whoever_has_no_address_confirms_the_new_one_alone() -> None:
    asked = ask_email_change(replace(ALICE, email=None), NEW, NOW)
    assert asked.confirmed_by(Purpose.NEW_EMAIL).is_confirmed


def test_ones_own_address_is_no_change_however_it_is_spelt() -> None:
    with pytest.raises(EmailUnchanged):
        ask_email_change(ALICE, "alice@EXAMPLE.com", NOW)


def test_the_changed_user_is_told_of_and_keeps_the_tokens() -> None:
    changed = decide_email_change(ALICE, ask_email_change(ALICE, NEW, NOW))
    assert changed == replace(ALICE, email=NEW, version=5)
