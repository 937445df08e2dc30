"""Defines a purchase in the shop: what a payment has paid for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PurchaseItem:
    """One line of a purchase; `categories` are slugs of the shop's, the nearest first."""

    name: str
    categories: Sequence[str]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought by one payment; amounts in minor units, positive."""

    payment_id: UUID
    user_id: UUID
    order_id: UUID
    items: Sequence[PurchaseItem]

    @property
    def total_minor(self) -> int:
        """What all of it cost."""
        return sum(item.amount_minor for item in self.items)
