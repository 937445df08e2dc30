"""Shapes what the API of orders takes and gives."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.money import decimal_text
from kit.web.card_pages import NextAction, ReceiptContact, ReturnUrl
from kit.web.fields import refuse_field
from kit.web.schemas import Model
from shop.domain.baskets import MOST_LINES, MOST_OF_ONE, BasketLine
from shop.domain.orders import (
    AttemptStatus,
    Order,
    OrderItem,
    OrderPayment,
    OrderStatus,
    PayMethod,
)
from shop.sagas.order import CardTerms
from shop.schemas.aftermath import OrderDisputeAnswer, OrderRefundAnswer

_PRODUCT: Final = "0197a1e1-2c3d-7e4f-9051-6b7c8d9e0f10"
PAID: dict[str, Any] = {
    "id": "0197a1e2-3d4e-7f50-a162-7c8d9e0f1021",
    "status": "paid",
    "owner_id": "0197a1de-0d3f-7c4b-9c39-6f2a4a1b0c01",
    "currency": "RUB",
    "total": "4980.00",
    "refunded": "0.00",
    "reason": None,
    "items": [
        {
            "product_id": _PRODUCT,
            "name": "Headphones K-72",
            "price": "2490.00",
            "quantity": 2,
            "amount": "4980.00",
            "refunded_quantity": 0,
        }
    ],
    "payment": {
        "id": "0197a1e2-4e5f-7061-b273-8d9e0f102132",
        "method": "wallet",
        "status": "paid",
        "reason": None,
        "next_action": None,
    },
    "refunds": [],
    "disputes": [],
    "created_at": "2026-01-31T12:00:00Z",
    "expires_at": "2026-01-31T12:30:00Z",
    "paid_at": "2026-01-31T12:00:05Z",
    "cancelled_at": None,
    "refunded_at": None,
}
PENDING: dict[str, Any] = {**PAID, "status": "pending", "payment": None, "paid_at": None}
PAYING: dict[str, Any] = {
    **PENDING,
    "status": "paying",
    "payment": {**PAID["payment"], "status": "processing"},
}
CANCELLED: dict[str, Any] = {
    **PENDING,
    "status": "cancelled",
    "reason": "cancelled_by_buyer",
    "cancelled_at": "2026-01-31T12:10:00Z",
}

Quantity = Annotated[
    int, Field(strict=True, ge=1, le=MOST_OF_ONE, description="How many of it.", examples=[2])
]


class OrderLineRequest(Model):
    """So many of a product."""

    product_id: UUID = Field(examples=[_PRODUCT])
    quantity: Quantity


class OrderRequest(Model):
    """An order to be made; each product is named once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"product_id": _PRODUCT, "quantity": 2}]}]}
    )

    items: Annotated[list[OrderLineRequest], Field(min_length=1, max_length=MOST_LINES)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        require_each_once(self.items)
        return self

    @property
    def lines(self) -> list[BasketLine]:
        """The lines as the domain takes them."""
        return lines_of(self.items)


def require_each_once(items: Sequence[OrderLineRequest]) -> None:
    """Refuse a product that is named in two lines."""
    seen: set[UUID] = set()
    for place, item in enumerate(items):
        if item.product_id in seen:
            raise refuse_field(
                "repeated",
                "A line before names this product; give all of it there.",
                "Этот товар уже назван; укажите всё количество в одной строке.",
                field=f"items/{place}/product_id",
            )
        seen.add(item.product_id)


def lines_of(items: Sequence[OrderLineRequest]) -> list[BasketLine]:
    """Return lines as the domain takes them, each with its place in the request."""
    return [
        BasketLine(item.product_id, item.quantity, f"/items/{place}")
        for place, item in enumerate(items)
    ]


class BuyRequest(Model):
    """How many to buy of the product that the path names."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"quantity": 1}]})

    quantity: Quantity = 1


class ProductBuyRequest(BuyRequest):
    """What to buy in one call, and how many."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"product_id": _PRODUCT, "quantity": 1}]}
    )

    product_id: UUID


class OrderPayRequest(Model):
    """How to pay an order: from the wallet, unless a card is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"method": "wallet"},
                {"method": "card", "return_url": "https://shop.example/thanks"},
            ]
        }
    )

    method: PayMethod = PayMethod.WALLET
    return_url: ReturnUrl | None = Field(
        None, description="Where the card page sends the buyer back to; required for `card`."
    )
    receipt_contact: ReceiptContact | None = Field(
        None, description="For cards: where the receipt goes, where the provider asks for it."
    )

    @model_validator(mode="after")
    def _receipts_are_of_cards(self) -> Self:
        if self.receipt_contact is not None and self.method is not PayMethod.CARD:
            raise refuse_field(
                "card_only",
                "Only what is paid by card has a receipt.",
                "Чек бывает только при оплате картой.",
                field="receipt_contact",
            )
        return self

    @model_validator(mode="after")
    def _needs_a_way_back(self) -> Self:
        if self.method is PayMethod.CARD and self.return_url is None:
            raise refuse_field(
                "required",
                "Required for a card: where its page sends the buyer back to.",
                "Обязательно для карты: куда её страница вернёт покупателя.",
                field="return_url",
            )
        return self

    @property
    def card(self) -> CardTerms | None:
        """What a card payment needs; None where the wallet pays."""
        if self.method is not PayMethod.CARD or self.return_url is None:
            return None
        contact = self.receipt_contact
        return CardTerms(
            self.return_url,
            receipt_email=None if contact is None else contact.email,
            receipt_phone=None if contact is None else contact.phone,
        )


class OrderPaymentAnswer(Model):
    """The latest payment of an order: a payment of `/v1/payments` by its id."""

    id: UUID
    method: PayMethod
    status: AttemptStatus = Field(
        description="`returned`: it was made too late for the order, and goes back by itself."
    )
    reason: str | None = Field(description="Why it was not made, or went back: a stable code.")
    next_action: NextAction | None = Field(
        description="For cards: where to send the buyer, until the card is entered."
    )

    @classmethod
    def of(cls, payment: OrderPayment) -> "OrderPaymentAnswer":
        """Return the payment as the order's owner sees it."""
        url = None if payment.is_over else payment.page_url
        return cls.model_construct(
            id=payment.id,
            method=payment.method,
            status=payment.status,
            reason=payment.reason,
            next_action=None if url is None else NextAction.model_construct(url=url),
        )


class OrderItemAnswer(Model):
    """What was ordered, with the name and the price of that moment."""

    product_id: UUID
    name: str
    price: str
    quantity: int
    amount: str
    refunded_quantity: int = Field(description="Of how many the money goes, or went, back.")

    @classmethod
    def of(cls, item: OrderItem, currency: str) -> "OrderItemAnswer":
        """Return an item with its amounts in the order's currency."""
        return cls.model_construct(
            product_id=item.product_id,
            name=item.name,
            price=decimal_text(item.price_minor, currency),
            quantity=item.quantity,
            amount=decimal_text(item.amount_minor, currency),
            refunded_quantity=item.refunded_quantity,
        )


class OrderAnswer(Model):
    """An order, with what has become of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [PAID]})

    id: UUID
    status: OrderStatus
    owner_id: UUID
    currency: str
    total: str
    refunded: str = Field(description="How much of it has gone back.")
    reason: str | None = Field(
        description="Why it was cancelled, or why it could not be paid: a stable code."
    )
    items: list[OrderItemAnswer]
    payment: OrderPaymentAnswer | None
    refunds: list[OrderRefundAnswer] = Field(
        description="What goes, or went, back of it, oldest first; the newest 100."
    )
    disputes: list[OrderDisputeAnswer] = Field(
        description="Where the owner of the card that paid wanted the money back, oldest first."
    )
    created_at: datetime
    expires_at: datetime = Field(description="When it is cancelled, unless it is paid by then.")
    paid_at: datetime | None
    cancelled_at: datetime | None
    refunded_at: datetime | None

    @classmethod
    def of(cls, order: Order) -> "OrderAnswer":
        """Return the order as its owner and administrators see it."""
        return cls.model_construct(
            id=order.id,
            status=order.status,
            owner_id=order.owner_id,
            currency=order.currency,
            total=decimal_text(order.total_minor, order.currency),
            refunded=decimal_text(order.refunded_minor, order.currency),
            reason=order.reason,
            items=[OrderItemAnswer.of(item, order.currency) for item in order.items],
            payment=None if order.payment is None else OrderPaymentAnswer.of(order.payment),
            refunds=[OrderRefundAnswer.of(one, order.currency) for one in order.refunds],
            disputes=[OrderDisputeAnswer.of(one, order.currency) for one in order.disputes],
            created_at=order.created_at,
            expires_at=order.expires_at,
            paid_at=order.paid_at,
            cancelled_at=order.cancelled_at,
            refunded_at=order.refunded_at,
        )
