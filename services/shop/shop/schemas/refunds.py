"""Shapes what the refund of an order takes and gives."""

from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from kit.web.schemas import Model
from kit.web.texts import TEXT, no_card_number, plain_text
from shop.domain.baskets import MOST_LINES, BasketLine
from shop.domain.orders import Order
from shop.schemas.aftermath import REFUND
from shop.schemas.orders import PAID, OrderAnswer, OrderLineRequest, lines_of, require_each_once

_LONGEST_REASON: Final = 500
COMPLETED: dict[str, Any] = {
    **PAID,
    "refunded": REFUND["amount"],
    "items": [{**PAID["items"][0], "refunded_quantity": 1}],
    "refunds": [REFUND],
    "refund_id": REFUND["id"],
}
PROCESSING: dict[str, Any] = {
    **COMPLETED,
    "refunded": "0.00",
    "refunds": [{**REFUND, "status": "processing", "completed_at": None}],
}


RefundReason = Annotated[
    str,
    Field(max_length=_LONGEST_REASON, json_schema_extra=TEXT),
    AfterValidator(plain_text),
    AfterValidator(no_card_number),
]


class OrderRefundRequest(Model):
    """What to give back of an order, and why; every field may be left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [{"product_id": REFUND["items"][0]["product_id"], "quantity": 1}],
                    "restock": True,
                    "reason": REFUND["reason"],
                }
            ]
        }
    )

    items: Annotated[list[OrderLineRequest], Field(min_length=1, max_length=MOST_LINES)] | None = (
        Field(None, description="Each product once; if not given, all that is left of the order.")
    )
    restock: bool = Field(
        default=False, description="Whether it is sold again, once the money is back."
    )
    reason: RefundReason | None = Field(
        None, description="In words; the buyer sees it.", examples=[REFUND["reason"]]
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        require_each_once(self.items or ())
        return self

    @property
    def lines(self) -> list[BasketLine] | None:
        """The lines as the domain takes them; None for all that is left."""
        return None if self.items is None else lines_of(self.items)


class RefundedOrderAnswer(OrderAnswer):
    """An order of which something goes, or went, back."""

    model_config = ConfigDict(json_schema_extra={"examples": [COMPLETED]})

    refund_id: UUID = Field(description="Which of `refunds` this request has asked for.")

    @classmethod
    def after(cls, order: Order, refund_id: UUID) -> "RefundedOrderAnswer":
        """Return the order, and which of its refunds was asked for."""
        return cls.model_construct(**dict(OrderAnswer.of(order)), refund_id=refund_id)
