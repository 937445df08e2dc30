"""Serves orders: makes, shows, lists, pays and cancels them."""

from collections.abc import Collection, Iterable
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from kit.context import current
from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.refusals import CursorInvalid
from kit.step_up import ANY_AMOUNT, StepUpRequired
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.prefer import PreferWait, preference_applied
from kit.web.routes import Router
from kit.web.schemas import Page
from shop.api.buyers import ORDERS, PATIENCE, OrderNamed, PayAttempt, answer, spared, tried
from shop.api.viewer import ACCEPTED, CREATED, OK
from shop.domain.orders import Order, OrderFilter, PayMethod, visible_to
from shop.refusals import (
    CurrenciesMixed,
    OrderExpired,
    OrderNotFound,
    OrderNotPending,
    OrderTooLarge,
    OutOfStock,
    ProductNotAvailable,
    TooManyOpenOrders,
)
from shop.repository import OrderLists, OrderPayments, Orders, with_aftermath
from shop.schemas import orders as examples
from shop.schemas.orders import OrderAnswer, OrderPayRequest, OrderRequest
from shop.schemas.queries import OrdersQuery
from shop.service import order_payments as paying
from shop.service import orders as service
from shop.service.order_payments import OrderPaying
from shop.service.orders import OrderCreation
from shop.wiring import Wired

router = Router(tags=["orders"], scope="orders")


@router.post(
    ORDERS,
    access="user",
    operation_id="create_order",
    answer_headers=(LOCATION,),
    answer_examples={201: examples.PENDING},
    summary="Order products",
    description="Reserves what is ordered until the order is paid, cancelled, or its time is over"
    " (`expires_at`). Names and prices are those of this moment, and stay.",
    status_code=201,
    response_model=OrderAnswer,
    is_idempotent=True,
    refusals=(
        ProductNotAvailable,
        CurrenciesMixed,
        OrderTooLarge,
        OutOfStock,
        TooManyOpenOrders,
    ),
)
async def create_order(
    request: Request, caller: Caller, body: OrderRequest, wired: Wired
) -> Answer:
    """Store the order, with others that arrive at the same time."""
    wanted = OrderCreation(caller.user, body.lines, current())

    async def work(uow: UnitOfWork) -> Answer:
        return answer(CREATED, await wired.batches.submit_within(uow, service.create, wanted))

    async def with_others() -> Answer:
        return answer(CREATED, await wired.batches.submit(service.create, wanted))

    return await idempotently(
        request,
        caller,
        operation="create_order",
        body=body,
        work=work,
        without_key=with_others,
    )


@router.post(
    f"{ORDERS}/{{order_id}}/pay",
    access="owner",
    operation_id="pay_order",
    answer_headers=(LOCATION,),
    answer_examples={200: examples.PAID, 202: examples.PAYING},
    summary="Pay an order",
    description="From the wallet it answers 202 once the payment is on its way; with `Prefer:"
    " wait=N` 200 and how it ended, if it ends in time. An order that was not paid is `pending`"
    " again, and `reason` says why. For a card the answer says where to send the buyer"
    " (`payment.next_action`), and the order stays `pending`; a page that is still open is given"
    " again. Paying again while it is being paid changes nothing.",
    status_code=202,
    response_model=OrderAnswer,
    responses={200: {"model": OrderAnswer, "description": "The payment is over."}},
    is_idempotent=True,
    refusals=(OrderNotFound, OrderNotPending, OrderExpired, StepUpRequired),
)
async def pay_order(  # noqa: PLR0913 (one parameter for each of the request's)
    *,
    request: Request,
    caller: Caller,
    order_id: UUID,
    wait: PreferWait,
    wired: Wired,
    body: OrderPayRequest | None = None,
) -> Answer:
    """Begin to pay; wait for the card's page, or as long as the caller prefers."""
    asked = body or OrderPayRequest()
    spares = spared(caller, wired) if asked.card is None else ANY_AMOUNT
    wanted = OrderPaying(order_id, caller.user, current(), asked.card, spares)
    is_by_card = wanted.method is PayMethod.CARD

    async def work(uow: UnitOfWork) -> Answer:
        return answer(ACCEPTED, await wired.batches.submit_within(uow, paying.pay, wanted))

    async def with_others() -> Answer:
        return answer(ACCEPTED, await wired.batches.submit(paying.pay, wanted))

    async def begin() -> Answer:
        return await idempotently(
            request,
            caller,
            operation="pay_order",
            body=asked,
            work=work,
            without_key=with_others,
            stands=_goes_on,
        )

    attempt = PayAttempt(
        caller.user,
        order_id,
        wanted.payment_id,
        or_page=is_by_card,
        seconds=PATIENCE if is_by_card else wait,
    )
    begun, order = await tried(wired, attempt, begin)
    return begun if order is None else _tried(begun, order, wait)


@router.post(
    f"{ORDERS}/{{order_id}}/cancel",
    access="owner",
    operation_id="cancel_order",
    answer_examples={200: examples.CANCELLED},
    summary="Cancel an order",
    description="Only while it waits to be paid. What it had reserved is sold again at once. If"
    " its card is charged after all, the money goes back by itself.",
    response_model=OrderAnswer,
    is_idempotent=True,
    refusals=(OrderNotFound, OrderNotPending),
)
async def cancel_order(request: Request, caller: Caller, order_id: UUID, wired: Wired) -> Answer:
    """Cancel the order at once."""

    async def work(uow: UnitOfWork) -> Answer:
        cancelled = await service.cancel(uow, wired.engine, order_id, caller.user)
        return Answer(OK, OrderAnswer.of(cancelled))

    return await idempotently(request, caller, operation="cancel_order", body=None, work=work)


@router.get(
    f"{ORDERS}/{{order_id}}",
    access="owner",
    operation_id="get_order",
    summary="Show one order",
    description="For its owner and administrators.",
    response_model=OrderAnswer,
    refusals=(OrderNotFound,),
)
async def get_order(caller: Caller, order_id: UUID, wired: Wired, audit: Auditing) -> Answer:
    """Show the order to whoever may see it."""
    async with wired.database.snapshot() as connection:
        found = await Orders(connection).get(order_id)
        seen = found if found is not None and caller.is_admin else visible_to(found, caller.user)
        [order] = await with_aftermath(connection, [seen])
    await audit.read("order", order.id, order.owner_id)
    return Answer(OK, OrderAnswer.of(order))


@router.get(
    ORDERS,
    access="user",
    operation_id="list_orders",
    summary="List orders",
    description="Newest first: the caller's; for administrators everybody's.",
    response_model=Page[OrderAnswer],
    refusals=(CursorInvalid,),
)
async def list_orders(
    caller: Caller, query: Annotated[OrdersQuery, Query()], wired: Wired, audit: Auditing
) -> Page[OrderAnswer]:
    """Show a page of orders to whoever may see them."""
    is_ones_own = query.mine or not caller.is_admin
    wanted = query.wanted(caller.user if is_ones_own else None)
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_orders", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    async with wired.database.snapshot() as connection:
        lists = OrderLists(connection)
        found = [] if wanted is None else await lists.page(wanted, after, query.limit + 1)
        orders = await with_aftermath(connection, found)
    if wanted is not None:
        await audit.listed("order", _owners(wanted, orders))
    return page_of(Page[OrderAnswer], orders, OrderAnswer.of, limit=query.limit, cursors=cursors)


def _owners(wanted: OrderFilter, shown: Iterable[Order]) -> Collection[UUID] | None:
    """Return whose orders were asked for, or shown by id; None for everybody's."""
    if wanted.owner_id is not None:
        return (wanted.owner_id,)
    return None if wanted.ids is None else {order.owner_id for order in shown}


async def _goes_on(uow: UnitOfWork, begun: Answer) -> bool:
    """Tell whether the payment has not been given up since it began."""
    return not await OrderPayments(uow).is_given_up(begun.says(OrderNamed).payment.id)


def _tried(begun: Answer, order: Order, wait: float | None) -> Answer:
    """Return the order as its payment has left it, or with its open page."""
    is_over = order.payment is not None and order.payment.is_over
    applied = {} if wait is None else preference_applied(wait)
    return Answer(
        OK if is_over else ACCEPTED, OrderAnswer.of(order), {**begun.own_headers, **applied}
    )
