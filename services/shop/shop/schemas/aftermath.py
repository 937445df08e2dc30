"""Shapes what came after an order was paid: refunds and disputes."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import decimal_text
from kit.web.schemas import Model
from shop.domain.disputes import OrderDispute
from shop.domain.refunds import OrderRefund, OrderRefundStatus

REFUND: dict[str, Any] = {
    "id": "0197a1e3-5f60-7172-c384-9e0f10213243",
    "status": "completed",
    "amount": "2490.00",
    "items": [{"product_id": "0197a1e1-2c3d-7e4f-9051-6b7c8d9e0f10", "quantity": 1}],
    "restock": True,
    "reason": "One is too many",
    "failure_reason": None,
    "created_at": "2026-02-01T09:00:00Z",
    "completed_at": "2026-02-01T09:00:02Z",
}
_DISPUTE: dict[str, Any] = {
    "id": "0197a1e4-6071-7283-d495-af1021324354",
    "amount": "4980.00",
    "reason": "product_not_received",
    "outcome": None,
    "opened_at": "2026-02-03T10:00:00Z",
    "closed_at": None,
}


class RefundedItemAnswer(Model):
    """Of which product how many go back."""

    product_id: UUID
    quantity: int


class OrderRefundAnswer(Model):
    """Money that goes, or went, back of an order: a refund of its payment by its id."""

    model_config = ConfigDict(json_schema_extra={"examples": [REFUND]})

    id: UUID
    status: OrderRefundStatus
    amount: str
    items: list[RefundedItemAnswer] = Field(
        description="What it is for; nothing where it was made without the shop."
    )
    restock: bool = Field(description="Whether that is sold again, once the money is back.")
    reason: str | None
    failure_reason: str | None = Field(description="Why it failed: a stable code.")
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, refund: OrderRefund, currency: str) -> "OrderRefundAnswer":
        """Return a refund with its amount in the order's currency."""
        return cls.model_construct(
            id=refund.id,
            status=refund.status,
            amount=decimal_text(refund.amount_minor, currency),
            items=[
                RefundedItemAnswer.model_construct(product_id=one.product_id, quantity=one.quantity)
                for one in refund.items
            ],
            restock=refund.restock,
            reason=refund.reason,
            failure_reason=refund.failure_reason,
            created_at=refund.created_at,
            completed_at=refund.completed_at,
        )


class OrderDisputeAnswer(Model):
    """A dispute of a payment of an order, as its bank decides it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DISPUTE]})

    id: UUID
    amount: str
    reason: str | None = Field(description="The card provider's word for it.")
    outcome: Literal["won", "lost"] | None = Field(
        description="`won` by the shop, or `lost`; nothing while the bank has not decided."
    )
    opened_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, dispute: OrderDispute, currency: str) -> "OrderDisputeAnswer":
        """Return a dispute with its amount in the order's currency."""
        return cls.model_construct(
            id=dispute.id,
            amount=decimal_text(dispute.amount_minor, currency),
            reason=dispute.reason,
            outcome=dispute.outcome,
            opened_at=dispute.opened_at,
            closed_at=dispute.closed_at,
        )
