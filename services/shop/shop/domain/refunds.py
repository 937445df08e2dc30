"""Defines what goes back of an order that was paid."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class OrderRefundStatus(StrEnum):
    """Where a refund is; one that has failed counts no more."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RefundedItem:
    """So many of a product that an order holds."""

    product_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefund:
    """Money that goes back of an order; its id is that of payments' refund.

    Attributes:
        payment_id: The payment that it goes back of.
        items: What it is for; nothing where payments was asked for it, not the shop.
        restock: Whether what it is for is sold again, once the money is back.
        reason: Why it was asked for, in words.
        failure_reason: Why the money did not go back, a stable code.
        requested_by: Who has asked the shop for it.
    """

    id: UUID
    order_id: UUID
    payment_id: UUID
    status: OrderRefundStatus
    amount_minor: int
    items: tuple[RefundedItem, ...] = ()
    restock: bool = False
    reason: str | None = None
    failure_reason: str | None = None
    requested_by: UUID | None = None
    created_at: datetime
    completed_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it is known if the money has gone back."""
        return self.status is not OrderRefundStatus.PROCESSING
