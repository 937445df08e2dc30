"""What people see of a wallet, what the house's accounts are called, and how full each may get."""

from datetime import UTC, datetime
from uuid import UUID

from kit.money import MAX_MINOR
from wallet.domain.posting import MAX_BALANCE_MINOR, MAX_HOUSE_MINOR
from wallet.domain.wallets import HOUSE_IS_FULL_MINOR, HOUSE_NAMES, HOUSES, Wallet


def test_what_is_held_of_a_wallet_is_not_available() -> None:
    wallet = Wallet(
        id=UUID(int=1),
        number=1,
        owner_id=UUID(int=2),
        name="Main",
        currency="RUB",
        status="active",
        is_default=True,
        balance_minor=1000,
        held_minor=300,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert (wallet.available_minor, wallet.owed_minor) == (700, 0)


def test_every_kind_of_house_account_has_one_name() -> None:
    assert HOUSES["clearing"] == "external"
    assert {HOUSE_NAMES[kind]: kind for kind in HOUSES.values()} == dict(HOUSES)


def test_a_wallet_holds_a_thousand_of_the_largest_amounts() -> None:
    assert MAX_BALANCE_MINOR == 1000 * MAX_MINOR


def test_a_full_account_of_the_house_has_room_for_a_thousand_of_the_largest_amounts() -> None:
    assert HOUSE_IS_FULL_MINOR + 1000 * MAX_MINOR <= MAX_HOUSE_MINOR < 2**63
