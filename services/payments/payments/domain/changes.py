"""Defines a change of a payment: its state, and what of it went back."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, cast
from uuid import UUID

from payments.domain.payment import Payment, PaymentStatus

# For how long changes are kept, and are noted where nobody streams them any more.
CHANGES_KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change as stored; ``seq`` orders all changes of all payments.

    ``reason`` and what goes back to a card by itself are read from payment and charge, so they may
    be known before their own change is read. ``is_payers``: it is for the payer alone.
    """

    seq: int
    at: datetime
    payment_id: UUID
    payer_id: UUID
    status: PaymentStatus
    refunded_minor: int
    disputed_minor: int
    dispute_outcome: Literal["won", "lost"] | None
    amount_minor: int
    currency: str
    reason: str | None
    return_minor: int = 0
    return_status: Literal["pending", "returned", "refused"] | None = None
    is_payers: bool = False


def history_of(payment: Payment, now: datetime) -> list[Change]:
    """Return what a payment has been through, by its own times, and how it stands now.

    What went back is told all at once, and so is a dispute. `seq` is 0 everywhere.
    """
    began = PaymentStatus.CREATED if payment.execute_at is None else PaymentStatus.SCHEDULED
    steps = (
        (began, payment.created_at),
        (PaymentStatus.PROCESSING, payment.processing_at),
        (PaymentStatus.PAID, payment.paid_at),
        (PaymentStatus.FAILED, payment.failed_at),
        (PaymentStatus.CANCELLED, payment.cancelled_at),
    )
    stands = Change(
        seq=0,
        at=max(filter(None, (payment.refunded_at, payment.disputed_at)), default=now),
        payment_id=payment.id,
        payer_id=payment.payer_id,
        status=payment.status,
        refunded_minor=payment.refunded_minor,
        disputed_minor=payment.disputed_minor,
        dispute_outcome=cast('Literal["won", "lost"] | None', payment.dispute_outcome),
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reason=payment.reason,
        return_minor=payment.return_minor or 0,
        return_status=cast(
            'Literal["pending", "returned", "refused"] | None', payment.return_status
        ),
    )
    told = [
        replace(
            stands, at=at, status=status, refunded_minor=0, disputed_minor=0, dispute_outcome=None
        )
        for status, at in steps
        if at is not None
    ]
    return told if replace(told[-1], at=stands.at) == stands else [*told, stands]
