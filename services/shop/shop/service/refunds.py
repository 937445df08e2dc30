"""Holds the verbs of refunds: request, complete, fail, learn.

Their caller commits. A refund that the shop has asked for is told of twice: by the answer, and by
the event of payments. Whichever comes first counts; the other finds nothing to do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from contracts.payments import PaymentRefunded, PaymentRefundFailed
from contracts.wallet import SHOP
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope
from kit.saga import SagaEngine
from shop.domain.baskets import BasketLine
from shop.domain.orders import Order
from shop.domain.refund_rules import decide_refund
from shop.domain.refunds import OrderRefund, OrderRefundStatus
from shop.live.waiters import OrderRefundWaiters
from shop.refusals import OrderNotFound
from shop.repository import OrderRefunds, Orders, ProductStock, with_aftermath
from shop.sagas.refund import refund_facts

_Row: TypeAlias = tuple[UUID, UUID, OrderRefundStatus, int, str | None, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunding:
    """A refund that is asked for; without lines of all that is left."""

    order_id: UUID
    lines: Sequence[BasketLine] | None
    restock: bool
    reason: str | None
    requested_by: UUID
    refund_id: UUID = field(default_factory=new_id)


async def request(uow: UnitOfWork, engine: SagaEngine, wanted: OrderRefunding) -> Order:
    """Count the refund in its order, and begin to give the money back.

    Returns the order as it is then. Raises OrderNotFound, and the refusals of ``decide_refund``.
    """
    order = await Orders(uow).lock(wanted.order_id)
    if order is None:
        raise OrderNotFound
    refundable = decide_refund(order, wanted.lines)
    assert order.payment is not None  # noqa: S101 - a constraint restates it of what is paid
    refund = OrderRefund(
        id=wanted.refund_id,
        order_id=order.id,
        payment_id=order.payment.id,
        status=OrderRefundStatus.PROCESSING,
        amount_minor=refundable.amount_minor,
        items=refundable.items,
        restock=wanted.restock,
        reason=wanted.reason,
        requested_by=wanted.requested_by,
        created_at=uow.clock.now(),
    )
    await OrderRefunds(uow).add(refund)
    await _count(uow, [order.id])
    await engine.start(uow, refund.id, refund_facts(refund))
    [counted] = await with_aftermath(uow, await Orders(uow).among([order.id]))
    return counted


async def complete(uow: UnitOfWork, ends: OrderRefundWaiters, refund_ids: Sequence[UUID]) -> None:
    """Complete refunds that are under way, of orders that are locked.

    So is one that an operator has given up: payments made it all the same. What they are for is
    sold again, where that was chosen.
    """
    completed = await OrderRefunds(uow).complete(refund_ids, uow.clock.now())
    if completed:
        await _count(uow, {one.order_id for one in completed})
        back = await OrderRefunds(uow).restock([one.id for one in completed])
        await ProductStock(uow).put_back(back)
        uow.after_commit(lambda: ends.wake(completed))


async def fail(uow: UnitOfWork, ends: OrderRefundWaiters, reasons: Mapping[UUID, str]) -> None:
    """Fail refunds, each for a reason, of orders that are locked: they count no more."""
    failed = await OrderRefunds(uow).fail(reasons, uow.clock.now())
    if failed:
        await _count(uow, {one.order_id for one in failed})
        uow.after_commit(lambda: ends.wake(failed))


async def learn(uow: UnitOfWork, ends: OrderRefundWaiters, envelopes: Iterable[Envelope]) -> None:
    """Take in what payments tells of refunds of the shop's payments.

    Some the shop has asked for, others were made without it. One that has failed has failed for
    good, unless an operator gave it up, so what is told of a refund may come in any order.
    """
    messages = (envelope.message for envelope in envelopes)
    told = [
        one
        for one in messages
        if isinstance(one, PaymentRefunded | PaymentRefundFailed) and one.payee_id == SHOP
    ]
    if not told:
        return
    await Orders(uow).lock_paid_by({one.payment_id for one in told})
    learnt = await OrderRefunds(uow).learn([_row(one) for one in told])
    if learnt:
        await _count(uow, learnt)
    made = [one.refund_id for one in told if isinstance(one, PaymentRefunded)]
    await complete(uow, ends, made)
    reasons = {one.refund_id: one.reason for one in told if isinstance(one, PaymentRefundFailed)}
    await fail(uow, ends, reasons)


def _row(told: PaymentRefunded | PaymentRefundFailed) -> _Row:
    """Return a refund as the repository learns of it."""
    if isinstance(told, PaymentRefunded):
        status, reason = OrderRefundStatus.COMPLETED, None
    else:
        status, reason = OrderRefundStatus.FAILED, told.reason
    return told.refund_id, told.payment_id, status, told.amount_minor, reason, told.at


async def _count(uow: UnitOfWork, order_ids: Iterable[UUID]) -> None:
    ids = list(order_ids)
    await OrderRefunds(uow).count_items(ids)
    await OrderRefunds(uow).count_money(ids, uow.clock.now())
