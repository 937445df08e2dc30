"""Pays orders or lets them go, for the order saga, a batch at a time."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from kit.db import UnitOfWork
from kit.saga import Done, Hooks, SagaEnd, SagaEngine, Signalled
from shop.domain.baskets import held_by
from shop.domain.orders import AttemptStatus, Order, OrderStatus
from shop.live.waiters import OrderWaiters
from shop.repository import OrderPayments, OrderRefunds, Orders, ProductStock
from shop.repository.orders import LOCK_PAID_BY
from shop.sagas.order import CARD, CHARGE, CONFIRM, OPEN_PAGE, ORDER, ORDER_NOT_PAYABLE
from shop.service.order_log import log_states
from shop.service.paid_orders import tell_paid

_CHARGED: Final = (CHARGE, CARD)


def order_saga(waiters: OrderWaiters) -> SagaEngine:
    """Return the engine that pays orders; it wakes requests that wait in this process."""
    engine: SagaEngine

    async def done(uow: UnitOfWork, steps: Sequence[Done]) -> None:
        # An operator may skip the page without an address of it.
        opened = (one for one in steps if one.step == OPEN_PAGE and "url" in one.data)
        urls = {one.saga_id: str(one.data["url"]) for one in opened}
        if urls:
            order_ids = await OrderPayments(uow).open_pages(urls)
            _tell(uow, waiters, await Orders(uow).among(order_ids))
        charged = [one.saga_id for one in steps if one.step in _CHARGED]
        if charged:
            await _confirm(uow, engine, charged)

    async def completed(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        payment_ids, now = [saga.saga_id for saga in ended], uow.clock.now()
        await OrderPayments(uow).settle(payment_ids, now)
        paid = await Orders(uow).pay(payment_ids, now)
        # Payments may have refunded one before its answer was read here.
        await OrderRefunds(uow).count_money([order.id for order in paid], now)
        await tell_paid(uow, paid)
        log_states(uow, paid)
        _tell(uow, waiters, paid)

    async def undone(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        now = uow.clock.now()
        outcomes = [given_up(saga) for saga in ended]
        await OrderPayments(uow).give_up(outcomes, now)
        reasons = {payment_id: reason for payment_id, _, reason in outcomes}
        unlocked = await Orders(uow).unlock(reasons, now)
        cancelled = [order for order in unlocked if order.status is OrderStatus.CANCELLED]
        await ProductStock(uow).put_back(held_by(cancelled))
        log_states(uow, unlocked)
        _tell(uow, waiters, unlocked)

    engine = SagaEngine(
        ORDER, Hooks(lock=LOCK_PAID_BY, completed=completed, undone=undone, done=done)
    )
    return engine


def given_up(saga: SagaEnd) -> tuple[UUID, AttemptStatus, str]:
    """Return the id of a payment whose saga was undone, how it ended, and why."""
    reason = saga.reason or ORDER_NOT_PAYABLE
    was_charged = reason == ORDER_NOT_PAYABLE
    status = AttemptStatus.RETURNED if was_charged else AttemptStatus.NOT_PAID
    return saga.saga_id, status, reason


async def _confirm(uow: UnitOfWork, engine: SagaEngine, payment_ids: Sequence[UUID]) -> None:
    """Let payments that were made pay their orders; those that come too late go back."""
    payable = await Orders(uow).payable_by(payment_ids)
    news = {
        payment_id: Signalled(CONFIRM, None if payment_id in payable else ORDER_NOT_PAYABLE, {})
        for payment_id in payment_ids
    }
    await engine.signal_many(uow, news)


def _tell(uow: UnitOfWork, waiters: OrderWaiters, orders: Iterable[Order]) -> None:
    uow.after_commit(lambda: waiters.wake(orders))
