"""Defines an order, and decides who may pay or cancel one; ladders end in yes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.span import ALWAYS, Span
from shop.domain.disputes import OrderDispute
from shop.domain.refunds import OrderRefund
from shop.refusals import OrderExpired, OrderNotFound, OrderNotPending

# Why an order is cancelled without a payment's refusal.
CANCELLED_BY_BUYER: Final = "cancelled_by_buyer"
EXPIRED: Final = "expired"


class OrderStatus(StrEnum):
    """Where an order is.

    While it is pending or being paid its items are reserved; cancelled and refunded are ends.
    """

    PENDING = "pending"
    PAYING = "paying"
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


STATUS_RU: Final[Mapping[OrderStatus, str]] = {
    OrderStatus.PENDING: "ожидает оплаты",
    OrderStatus.PAYING: "оплачивается",
    OrderStatus.PAID: "оплачен",
    OrderStatus.CANCELLED: "отменён",
    OrderStatus.REFUNDED: "возвращён",
}


class PayMethod(StrEnum):
    """Where the money for an order comes from."""

    WALLET = "wallet"
    CARD = "card"


class AttemptStatus(StrEnum):
    """How an attempt to pay stands; all but the first are ends.

    ``returned`` is one that was paid for an order that could not take it any more.
    """

    PROCESSING = "processing"
    PAID = "paid"
    NOT_PAID = "not_paid"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class OrderItem:
    """What was ordered, with the name and the price of that moment.

    Attributes:
        price_minor: What one of it costs.
        refunded_quantity: Of how many the money is given back, or is on its way.
    """

    product_id: UUID
    name: str
    price_minor: int
    quantity: int
    refunded_quantity: int = 0

    @property
    def amount_minor(self) -> int:
        """What all of it costs."""
        return self.price_minor * self.quantity


@dataclass(frozen=True, slots=True)
class OrderPayment:
    """One attempt to pay an order: a payment, and the saga of the same id.

    Attributes:
        reason: Why it was given up, a stable code.
        page_url: Where the buyer enters the card, once it is known.
    """

    id: UUID
    method: PayMethod
    status: AttemptStatus = AttemptStatus.PROCESSING
    reason: str | None = None
    page_url: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing can become of it any more."""
        return self.status is not AttemptStatus.PROCESSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants to buy, or has bought.

    Attributes:
        refund_asked_minor: How much is given back, refunds under way included.
        refunded_minor: How much has been given back.
        is_bought: Whether it was made by a purchase in one call; it is paid at once or cancelled.
        reason: Why it was cancelled, or why the latest payment failed; a stable code.
        has_open_card: Whether the latest payment is a card's, which may still be entered.
        payment: The latest attempt to pay it.
        refunds: What goes back of it, and ``disputes``: only ``with_aftermath`` reads them.
    """

    id: UUID
    owner_id: UUID
    status: OrderStatus
    currency: str
    total_minor: int
    refund_asked_minor: int = 0
    refunded_minor: int = 0
    is_bought: bool
    reason: str | None = None
    has_open_card: bool = False
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    refunded_at: datetime | None = None
    items: tuple[OrderItem, ...]
    payment: OrderPayment | None = None
    refunds: tuple[OrderRefund, ...] = ()
    disputes: tuple[OrderDispute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders a list shows; None does not narrow, the span is by their making."""

    owner_id: UUID | None = None
    ids: Sequence[UUID] | None = None
    status: OrderStatus | None = None
    span: Span = ALWAYS


def visible_to(order: Order | None, user_id: UUID) -> Order:
    """Return an order to its owner; to everybody else it does not exist."""
    if order is None or order.owner_id != user_id:
        raise OrderNotFound
    return order


def decide_pay(order: Order, method: PayMethod, now: datetime) -> bool:
    """Tell whether a request to pay begins a payment; False where one is under way.

    A card page that is open does not keep the wallet from paying.

    Raises:
        OrderNotPending: it is paid, cancelled or refunded.
        OrderExpired: its time is over.
    """
    if order.status is OrderStatus.PAYING:
        return False
    require_pending(order)
    if order.expires_at <= now:
        raise OrderExpired
    return not (order.has_open_card and method is PayMethod.CARD)


def require_pending(order: Order) -> None:
    """Require that an order waits to be paid.

    Raises:
        OrderNotPending: it does not, or not any more.
    """
    if order.status is not OrderStatus.PENDING:
        raise OrderNotPending(status=order.status.value, status_ru=STATUS_RU[order.status])
