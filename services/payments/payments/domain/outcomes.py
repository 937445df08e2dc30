"""Defines how a payment under way ended, as its saga says."""

from dataclasses import dataclass
from uuid import UUID

from payments.domain.payment import PaymentStatus


@dataclass(frozen=True, slots=True)
class PaymentEnd:
    """The end of a payment: ``transfer_id`` for a paid one, ``reason`` for any other.

    ``paid_minor`` is what was captured, where that is less than the whole; the money moved from
    ``debited_account_id`` to ``credited_account_id``.
    """

    payment_id: UUID
    status: PaymentStatus
    transfer_id: UUID | None = None
    reason: str | None = None
    paid_minor: int | None = None
    debited_account_id: UUID | None = None
    credited_account_id: UUID | None = None
