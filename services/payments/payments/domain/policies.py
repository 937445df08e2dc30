"""Decides which payments are checked outside, and joins that rule with limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from kit.money import Money
from payments.domain.limits import LimitPolicy
from payments.domain.payment import Payment


class OutsideChecks(StrEnum):
    """Which payments are checked outside: ``all``, ``none``, or some.

    ``services``: payments to services, and amounts from the threshold on.
    """

    SERVICES = "services"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CheckPolicy:
    """Decides which payments are checked outside.

    Attributes:
        applies_to: The setting above.
        check_from: Threshold in whole units of any currency that has none of its own.
        check_from_by_currency: Thresholds in whole units by ISO 4217 code.
    """

    applies_to: OutsideChecks
    check_from: Decimal
    check_from_by_currency: Mapping[str, Decimal] = field(default_factory=dict)

    def asks_about(self, amount: Money, *, is_to_paid_service: bool = False) -> bool:
        """Tell whether a payment of this amount is checked outside.

        ``is_to_paid_service`` says that it pays a service, not a person.
        """
        if self.applies_to is not OutsideChecks.SERVICES:
            return self.applies_to is OutsideChecks.ALL
        if is_to_paid_service:
            return True
        threshold = self.check_from_by_currency.get(amount.currency, self.check_from)
        return Decimal(amount.decimal) >= threshold


@dataclass(frozen=True, slots=True)
class Policies:
    """Holds the rules in force: for outside checks, and for limits."""

    checks: CheckPolicy
    limits: LimitPolicy

    def is_checked(self, payment: Payment, part: Money | None = None) -> bool:
        """Tell whether a payment, or a part of it, is checked outside."""
        amount = part or Money(payment.amount_minor, payment.currency)
        return self.checks.asks_about(amount, is_to_paid_service=payment.service_id is not None)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms that payments are made under which nobody waits for."""

    ttl: timedelta
    policies: Policies
