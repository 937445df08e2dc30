"""Joins the rules that apply when a payment is paid: outside checks and limits."""

from dataclasses import dataclass

from kit.money import Money
from payments.domain.limits import LimitPolicy
from payments.domain.outside_checks import CheckPolicy
from payments.domain.payment import Payment


@dataclass(frozen=True, slots=True)
class Policies:
    """Which payments are checked outside, and how much may be paid."""

    checks: CheckPolicy
    limits: LimitPolicy

    def is_checked(self, payment: Payment, part: Money | None = None) -> bool:
        """Tell whether a payment, or a part of it, is checked outside."""
        amount = part or Money(payment.amount_minor, payment.currency)
        return self.checks.asks_about(amount, is_to_paid_service=payment.service_id is not None)
