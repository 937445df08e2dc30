"""Defines a change of a payment: its state, and what of it went back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from payments.domain.payment import PaymentStatus


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
