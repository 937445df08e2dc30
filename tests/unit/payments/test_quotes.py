"""What a quote foresees: the amount, the first refusal, and why wallets would let it fail."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from kit.money import Money
from payments.domain.creation import PaymentOrder
from payments.domain.limits import NO_LIMIT, Day, Limit
from payments.domain.paid_services import PaidService
from payments.domain.parties import Parties, PayeeName, Person, WalletFunds
from payments.domain.quotes import amount_of, count_planned, failure_of, refusal_of

ALICE, BOB, SERVICE = (UUID(int=number) for number in range(1, 4))
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
AMOUNT = Money(10_000, "RUB")

bob = Person(BOB, "bob", "active")
order = PaymentOrder(payer_id=ALICE, payee=PayeeName(username="bob"), amount=AMOUNT)
unsaid = PaymentOrder(payer_id=ALICE, payee=PayeeName(service_id=SERVICE), amount=None)


def for_service(price_minor: int | None) -> Parties:
    paid_service = PaidService(
        id=SERVICE,
        name="Phone",
        description=None,
        price_minor=price_minor,
        currency="RUB",
        owner_id=BOB,
        account_id=None,
        is_active=True,
        created_at=NOW,
        updated_at=NOW,
    )
    return Parties(None, bob, paid_service=paid_service)


@pytest.mark.parametrize(
    ("wanted", "parties", "amount"),
    [
        (order, Parties(None, bob), AMOUNT),
        (order, for_service(59_000), AMOUNT),
        (unsaid, for_service(59_000), Money(59_000, "RUB")),
        (unsaid, for_service(None), None),
        (unsaid, Parties(None, None), None),
    ],
)
def test_the_amount_is_the_payers_else_the_price(
    wanted: PaymentOrder, parties: Parties, amount: Money | None
) -> None:
    assert amount_of(wanted, parties) == amount


@pytest.mark.parametrize(
    ("parties", "limit", "spent", "code"),
    [
        (Parties(None, bob), NO_LIMIT, 0, None),
        (Parties(None, bob), Limit(10_000, 30_000), 20_000, None),
        (Parties(None, None), Limit(1, 1), 0, "payee_not_found"),
        (Parties(None, bob), Limit(9_999, None), 0, "limit_per_payment"),
        (Parties(None, bob), Limit(None, 30_000), 20_001, "limit_per_day"),
    ],
)
def test_the_first_refusal_of_creating_or_paying_is_foreseen(
    parties: Parties, limit: Limit, spent: int, code: str | None
) -> None:
    refusal = refusal_of(order, parties, limit, Day({"RUB": spent}), NOW)
    assert (None if refusal is None else refusal.code) == code


def test_what_is_planned_before_is_counted_in_its_order_as_far_as_it_fits() -> None:
    day, limit = Day({"RUB": 1_000}), Limit(None, 10_000)
    planned = [Money(6_000, "RUB"), Money(4_000, "RUB"), Money(3_000, "RUB"), Money(5_000, "USD")]
    count_planned(day, limit, planned)
    assert day.added == {"RUB": 9_000, "USD": 5_000}


@pytest.mark.parametrize(
    ("payer", "payee", "reason"),
    [
        (
            WalletFunds(10_000, is_frozen=False),
            WalletFunds(0, is_frozen=False, room_minor=10_000),
            None,
        ),
        (WalletFunds(10_000, is_frozen=True), None, "wallet_frozen"),
        (WalletFunds(0, is_frozen=True), None, "wallet_frozen"),
        (WalletFunds(9_999, is_frozen=False), None, "insufficient_funds"),
        (WalletFunds(10_000, is_frozen=False), WalletFunds(0, is_frozen=False), None),
        (None, WalletFunds(0, is_frozen=False, room_minor=9_999), "balance_limit"),
        (None, None, None),
    ],
)
def test_why_wallets_would_let_it_fail(
    payer: WalletFunds | None, payee: WalletFunds | None, reason: str | None
) -> None:
    assert failure_of(AMOUNT, payer, payee) == reason
