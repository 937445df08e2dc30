"""Defines a change of a payment: its state, and what is refunded or disputed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from payments.domain.payment import PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change as stored; ``seq`` orders all changes of all payments.

    ``reason`` is read from the payment, so it may be known before its own change is read.
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
