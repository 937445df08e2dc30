"""Holds the verbs of orders: create, buy, cancel, expire. Their caller commits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kit.context import Context
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import Refusal
from kit.saga import SagaEngine
from kit.step_up import ANY_AMOUNT, WithoutStepUp
from shop.domain.baskets import BasketLine, Shelf, decide_basket, held_by
from shop.domain.orders import (
    CANCELLED_BY_BUYER,
    EXPIRED,
    Order,
    OrderPayment,
    OrderStatus,
    PayMethod,
    require_pending,
    visible_to,
)
from shop.refusals import TooManyOpenOrders
from shop.repository import Orders, ProductStock
from shop.service.order_log import log_states
from shop.service.order_payments import Begun, begin, call_off

EXPIRY_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """How long an order waits to be paid, and how many of one buyer may wait."""

    ttl: timedelta
    most_open: int


@dataclass(frozen=True, slots=True)
class OrderCreation:
    """An order to be made, and the request that wants it.

    With ``is_bought`` the buyer's wallet pays it at once, and ``spares`` is what it may cost
    without a step-up.
    """

    owner_id: UUID
    lines: Sequence[BasketLine]
    context: Context
    is_bought: bool = False
    spares: WithoutStepUp = ANY_AMOUNT
    order_id: UUID = field(default_factory=new_id)
    payment_id: UUID = field(default_factory=new_id)


async def create(
    uow: UnitOfWork, wanted: Sequence[OrderCreation], *, engine: SagaEngine, terms: OrderTerms
) -> list[Order | Refusal]:
    """Store orders and reserve what they order; begin to pay those that are bought.

    They are decided in the order in which they came. Returns each order, or its refusal by
    ``decide_basket``, or TooManyOpenOrders.
    """
    stock, now = ProductStock(uow), uow.clock.now()
    shelf = Shelf(
        await stock.lock_offers({line.product_id for one in wanted for line in one.lines})
    )
    waiting = await Orders(uow).count_open({one.owner_id for one in wanted})
    outcomes = [_decided(one, shelf, waiting, terms, now) for one in wanted]
    created = [order for order in outcomes if isinstance(order, Order)]
    if created:
        await Orders(uow).add(created)
        await stock.take(shelf.taken)
        await begin(uow, engine, _bought(wanted, outcomes))
        log_states(uow, created)
    return outcomes


def _decided(
    wanted: OrderCreation, shelf: Shelf, waiting: Counter[UUID], terms: OrderTerms, now: datetime
) -> Order | Refusal:
    if waiting[wanted.owner_id] >= terms.most_open:
        return TooManyOpenOrders(most=terms.most_open)
    try:
        basket = decide_basket(wanted.lines, shelf, wanted.spares)
    except Refusal as refusal:
        return refusal
    waiting[wanted.owner_id] += 1
    return Order(
        id=wanted.order_id,
        owner_id=wanted.owner_id,
        status=OrderStatus.PAYING if wanted.is_bought else OrderStatus.PENDING,
        currency=basket.currency,
        total_minor=basket.total_minor,
        is_bought=wanted.is_bought,
        created_at=now,
        expires_at=now + terms.ttl,
        items=basket.items,
        payment=OrderPayment(wanted.payment_id, PayMethod.WALLET) if wanted.is_bought else None,
    )


def _bought(wanted: Iterable[OrderCreation], outcomes: Iterable[Order | Refusal]) -> list[Begun]:
    return [
        Begun(order, order.payment, one.context)
        for one, order in zip(wanted, outcomes, strict=True)
        if isinstance(order, Order) and order.payment is not None
    ]


async def cancel(uow: UnitOfWork, engine: SagaEngine, order_id: UUID, caller_id: UUID) -> Order:
    """Cancel a pending order, and give its stock back.

    Raises OrderNotFound and OrderNotPending.
    """
    order = visible_to(await Orders(uow).lock(order_id), caller_id)
    require_pending(order)
    [cancelled] = await close(uow, engine, [order], CANCELLED_BY_BUYER)
    return cancelled


async def expire(uow: UnitOfWork, engine: SagaEngine) -> list[Order]:
    """Cancel one batch of orders that were not paid in time; return them."""
    overdue = await Orders(uow).lock_overdue(uow.clock.now(), EXPIRY_BATCH)
    return await close(uow, engine, overdue, EXPIRED)


async def close(
    uow: UnitOfWork, engine: SagaEngine, pending: Sequence[Order], reason: str
) -> list[Order]:
    """Cancel pending orders, which are locked; return them.

    Their stock comes back, and card pages that are still open are called off.
    """
    if not pending:
        return []
    now = uow.clock.now()
    cancelled = await Orders(uow).cancel([order.id for order in pending], reason, now)
    # The statement that waited for the lock does not see a payment that began meanwhile.
    had_open_card = {order.id for order in pending if order.has_open_card}
    open_cards = [one.payment.id for one in cancelled if one.payment and one.id in had_open_card]
    await call_off(uow, engine, open_cards, reason)
    await ProductStock(uow).put_back(held_by(cancelled))
    log_states(uow, cancelled)
    return cancelled
