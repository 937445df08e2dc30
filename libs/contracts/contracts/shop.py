"""Defines shop's events: what was bought, for who keeps the buyer's books.

The subject of an event is the order's id. Amounts are integer minor units of an ISO 4217 currency.
"""

from typing import ClassVar
from uuid import UUID

from kit.messaging.messages import Event, WireStruct


class PaidItem(WireStruct):
    """One line of a paid order, as it was ordered.

    ``amount_minor`` is what all of it cost. ``categories`` are the slugs of the product's category
    and of those above it, up to the root, as they were when the order was paid; empty, with
    ``category_id`` None, where the product was in none or is gone.
    """

    product_id: UUID
    name: str
    category_id: UUID | None
    categories: tuple[str, ...]
    quantity: int
    amount_minor: int


class OrderPaid(Event):
    """An order was paid, by ``payment_id``. Always sequence 1.

    Payments tells of its refunds.
    """

    type: ClassVar[str] = "shop.order_paid.v1"

    order_id: UUID
    payment_id: UUID
    buyer_id: UUID
    currency: str
    items: tuple[PaidItem, ...]
