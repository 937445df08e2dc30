"""How a payment in flight ended, as its saga says."""

from dataclasses import dataclass
from uuid import UUID

from payments.domain.payment import PaymentStatus


@dataclass(frozen=True, slots=True)
class PaymentEnd:
    """The end of one payment: ``transfer_id`` for a paid one, ``reason`` for any other.

    ``paid_minor`` says what was captured, where that is less than the whole; ``debited_account_id``
    and ``credited_account_id`` between which wallets it has moved.
    """

    payment_id: UUID
    status: PaymentStatus
    transfer_id: UUID | None = None
    reason: str | None = None
    paid_minor: int | None = None
    debited_account_id: UUID | None = None
    credited_account_id: UUID | None = None
