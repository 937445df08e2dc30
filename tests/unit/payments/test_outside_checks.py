from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from msgspec.structs import replace

from kit.money import Money
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.limits import LimitPolicy
from payments.domain.parties import Parties, PayeeName, Person
from payments.domain.policies import CheckPolicy, OutsideChecks, Policies

SERVICES, ALL, NONE = OutsideChecks.SERVICES, OutsideChecks.ALL, OutsideChecks.NONE


@pytest.mark.parametrize(
    ("applies_to", "amount", "currency", "asks"),
    [
        (SERVICES, "14999.99", "RUB", False),
        (SERVICES, "15000.00", "RUB", True),
        (SERVICES, "15000.01", "RUB", True),
        (SERVICES, "199.99", "USD", False),
        (SERVICES, "200.00", "USD", True),
        (SERVICES, "14999", "JPY", False),
        (SERVICES, "15000", "JPY", True),
        (SERVICES, "14999.999", "KWD", False),
        (ALL, "0.01", "RUB", True),
        (NONE, "10000000.00", "RUB", False),
    ],
)
def test_which_payments_are_checked_outside(
    applies_to: OutsideChecks, amount: str, currency: str, *, asks: bool
) -> None:
    policy = CheckPolicy(applies_to, Decimal(15000), {"USD": Decimal(200)})
    assert policy.asks_about(Money.parse(amount, currency)) is asks


@pytest.mark.parametrize(("applies_to", "asks"), [(SERVICES, True), (ALL, True), (NONE, False)])
def test_payments_to_paid_services_are_checked_outside_whatever_their_amount(
    applies_to: OutsideChecks, *, asks: bool
) -> None:
    policy = CheckPolicy(applies_to, Decimal(15000))
    assert policy.asks_about(Money(1, "RUB"), is_to_paid_service=True) is asks


@pytest.mark.parametrize(
    ("part", "is_to_paid_service", "is_checked"),
    [
        (None, False, True),
        (Money(14_999_99, "RUB"), False, False),
        (Money(15_000_00, "RUB"), False, True),
        (Money(1, "RUB"), True, True),
    ],
)
def test_of_a_payment_that_is_paid_in_part_the_part_is_what_is_checked(
    part: Money | None, *, is_to_paid_service: bool, is_checked: bool
) -> None:
    policies = Policies(CheckPolicy(SERVICES, Decimal(15000)), LimitPolicy())
    payment = decide_creation(
        PaymentOrder(
            payer_id=UUID(int=1), payee=PayeeName(username="bob"), amount=Money(20_000_00, "RUB")
        ),
        Parties(None, Person(UUID(int=2), "bob", "active")),
        payment_id=UUID(int=3),
        now=datetime(2026, 1, 31, 12, tzinfo=UTC),
        ttl=timedelta(hours=24),
    )
    payment = replace(payment, service_id=UUID(int=4) if is_to_paid_service else None)
    assert policies.is_checked(payment, part) is is_checked
