"""Defines a dispute: the owner of a card wants what it paid for an order back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OrderDispute:
    """A dispute of a payment of an order, as payments tells of it.

    Attributes:
        reason: The provider's word for it.
        outcome: `won` by the shop or `lost`; None while the bank has not decided.
    """

    id: UUID
    order_id: UUID
    amount_minor: int
    reason: str | None
    outcome: Literal["won", "lost"] | None
    opened_at: datetime
    closed_at: datetime | None
