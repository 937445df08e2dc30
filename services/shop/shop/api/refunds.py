"""Serves refunds of orders: asks for one, and waits for its end."""

import asyncio
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel

from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.waiters import in_time
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.prefer import PreferWait, preference_applied
from kit.web.routes import Router
from shop.api.buyers import ORDERS
from shop.api.viewer import ACCEPTED, OK
from shop.domain.refunds import OrderRefund
from shop.refusals import ItemNotInOrder, OrderNotFound, OrderNotPaid, RefundExceedsOrder
from shop.repository import OrderRefunds, Orders, with_aftermath
from shop.schemas import refunds as examples
from shop.schemas.refunds import OrderRefundRequest, RefundedOrderAnswer
from shop.service import refunds as service
from shop.service.refunds import OrderRefunding
from shop.wiring import Wired, Wiring


class _RefundNamed(BaseModel):
    """Names which refund of which order an answer is about."""

    id: UUID
    refund_id: UUID


router = Router(tags=["orders"], scope="orders")


@router.post(
    f"{ORDERS}/{{order_id}}/refund",
    access="admin",
    operation_id="refund_order",
    answer_headers=(LOCATION,),
    answer_examples={200: examples.COMPLETED, 202: examples.PROCESSING},
    summary="Refund a paid order, all or some of its items",
    description="The money goes back the way it came, at the prices that were paid. What is asked"
    " for counts at once; once all that was paid is back, the order is `refunded`. Answers 202, or"
    " with `Prefer: wait=N` 200 once the refund is completed or has failed, if that comes in time."
    " What has failed counts no more.",
    status_code=202,
    response_model=RefundedOrderAnswer,
    responses={200: {"model": RefundedOrderAnswer, "description": "The refund is over."}},
    is_idempotent=True,
    refusals=(OrderNotFound, OrderNotPaid, ItemNotInOrder, RefundExceedsOrder),
)
async def refund_order(  # noqa: PLR0913 (one parameter for each of the request's)
    *,
    request: Request,
    caller: Caller,
    order_id: UUID,
    wait: PreferWait,
    wired: Wired,
    audit: Auditing,
    body: OrderRefundRequest | None = None,
) -> Answer:
    """Ask for the refund, then wait as long as the caller prefers."""
    asked = body or OrderRefundRequest()
    wanted = OrderRefunding(
        order_id=order_id,
        lines=asked.lines,
        restock=asked.restock,
        reason=asked.reason,
        requested_by=caller.user,
    )

    async def work(uow: UnitOfWork) -> Answer:
        order = await service.request(uow, wired.refund_engine, wanted)
        await audit.changed(uow, "order", order.id, order.owner_id)
        shown = RefundedOrderAnswer.after(order, wanted.refund_id)
        return Answer(ACCEPTED, shown, {LOCATION: f"{ORDERS}/{order.id}"})

    with wired.refund_waiters.expect(wanted.refund_id) as end:
        accepted = await idempotently(
            request, caller, operation="refund_order", body=asked, work=work, stands=_stands
        )
        named = accepted.says(_RefundNamed)
        if named.refund_id == wanted.refund_id:
            return await _ended(wired, caller.user, accepted, end, wait)
    # A repeated request got its first answer: wait for the refund that was asked for then.
    with wired.refund_waiters.expect(named.refund_id) as end:
        return await _ended(wired, caller.user, accepted, end, wait)


async def _ended(
    wired: Wiring,
    caller_id: UUID,
    accepted: Answer,
    end: asyncio.Future[OrderRefund],
    wait: float | None,
) -> Answer:
    """Return the order as the refund has left it, or as accepted if that takes longer.

    No unit of work is open while it is waited, and no connection is held.
    """
    if wait is None:
        return accepted
    headers = {**accepted.own_headers, **preference_applied(wait)}
    with wired.places.place(caller_id) as is_free:
        if not is_free:
            return accepted
        refund = await in_time(end, wait)
        if refund is None:
            return Answer(ACCEPTED, body=accepted.body, headers=headers)
    async with wired.database.snapshot() as connection:
        [order] = await with_aftermath(
            connection, await Orders(connection).among([refund.order_id])
        )
    return Answer(OK, RefundedOrderAnswer.after(order, refund.id), headers)


async def _stands(uow: UnitOfWork, accepted: Answer) -> bool:
    """Tell whether the refund has not failed; a key whose refund failed starts again."""
    return not await OrderRefunds(uow).has_failed(accepted.says(_RefundNamed).refund_id)
