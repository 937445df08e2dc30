from decimal import Decimal

import pytest

from kit.money import Money
from payments.domain.outside_checks import CheckPolicy, OutsideChecks

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
