"""Defines a refund, and decides whether one may be made."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.money import Money, decimal_text
from payments.domain.payment import Payment, PaymentStatus
from payments.refusals import (
    OnlyPayeeMayRefund,
    PaymentIsDisputed,
    PaymentNotPaid,
    RefundExceedsPayment,
)

# Of one payment, without failed ones: providers list a hundred on a page, and one page is read.
MOST_REFUNDS: Final = 100


class RefundStatus(StrEnum):
    """The states of a refund: ``processing → completed | failed``.

    ``completed → failed`` where a card did not take it.
    """

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class RefundOrigin(StrEnum):
    """Where it was asked for: here, or at the card's provider (its pages or support)."""

    REQUEST = "request"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Unrefundable:
    """What can't be refunded any more: disputed, or being refunded at the provider."""

    disputed_minor: int = 0
    pending_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund as stored.

    Attributes:
        amount_minor: Integer minor units of the payment's currency, above zero.
        reason: What it is for, in the words of whoever asked for it.
        failure_reason: Why it failed, a stable code of ``domain/reasons.py``.
        transfer_id: The wallet's transfer that gave the money back.
        requested_by: Nobody's id where its origin is the provider.
        version: How many states it has had.
        claim_id: The card refund that it books, where its origin is the provider.
        borne_minor: How much the house bears, as a dispute had taken the payee's money before.
    """

    id: UUID
    payment_id: UUID
    status: RefundStatus
    amount_minor: int
    currency: str
    reason: str | None
    failure_reason: str | None
    transfer_id: UUID | None
    requested_by: UUID
    version: int
    created_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    origin: RefundOrigin = RefundOrigin.REQUEST
    claim_id: UUID | None = None
    borne_minor: int = 0

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing can change it any more."""
        return self.status is not RefundStatus.PROCESSING


def decide_refund(
    payment: Payment,
    caller_id: UUID,
    amount: str | None,
    *,
    is_admin: bool,
    taken: Unrefundable = Unrefundable(),
) -> Money:
    """Decide a request to refund a payment that is visible to the caller.

    Returns how much goes back: all that is left, where no amount is named. What other refunds take
    counts from the moment they were asked for.
    """
    if payment.payee_id != caller_id and not is_admin:
        raise OnlyPayeeMayRefund
    if (
        payment.status not in (PaymentStatus.PAID, PaymentStatus.REFUNDED)
        or payment.paid_minor is None
    ):
        raise PaymentNotPaid
    kept = payment.paid_minor - payment.refunded_minor - taken.pending_minor
    left = max(0, kept - taken.disputed_minor)
    if kept > 0 and left == 0:
        raise PaymentIsDisputed
    wanted = left if amount is None else Money.parse(amount, payment.currency).minor
    if not 0 < wanted <= left:
        raise RefundExceedsPayment(
            left=decimal_text(left, payment.currency), currency=payment.currency
        )
    return Money(wanted, payment.currency)
