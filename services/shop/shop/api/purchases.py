"""Serves purchases: order and payment from the wallet in one call."""

from typing import Final
from uuid import UUID

from fastapi import Request

from kit.context import current
from kit.db import UnitOfWork
from kit.http import LOCATION
from kit.ids import id_in
from kit.refusals import Refusal
from kit.step_up import StepUpRequired
from kit.web.answers import Answer
from kit.web.idempotency import idempotently
from kit.web.identity import Caller, Identity
from kit.web.routes import Router
from shop.api.buyers import PayAttempt, answer, spared, tried
from shop.api.viewer import ACCEPTED, CREATED
from shop.domain.baskets import BasketLine
from shop.domain.orders import OrderStatus
from shop.refusals import (
    PAYMENT_REFUSALS,
    OrderTooLarge,
    OutOfStock,
    ProductNotAvailable,
    ProductNotFound,
    TooManyOpenOrders,
    declined,
)
from shop.repository import Products
from shop.schemas import orders as examples
from shop.schemas.orders import BuyRequest, OrderAnswer, ProductBuyRequest
from shop.schemas.texts import NamedProduct
from shop.service import orders as service
from shop.service.orders import OrderCreation
from shop.wiring import Wired, Wiring

_DESCRIPTION: Final = (
    "Orders the product and pays it from the buyer's wallet. Answers 201 once it is paid; 409 with"
    " the payment's code where it is not, and then nothing was bought: stock and balance are as"
    " before. Where that takes longer than ten seconds, 202; the same request with the same"
    " Idempotency-Key then gives the end, as does the order."
)
_REFUSALS: Final[tuple[type[Refusal], ...]] = (
    OutOfStock,
    OrderTooLarge,
    TooManyOpenOrders,
    StepUpRequired,
    *PAYMENT_REFUSALS.values(),
)

router = Router(tags=["orders"], scope="orders")


@router.post(
    "/v1/shop/products/{product}/buy",
    access="user",
    operation_id="buy_product",
    answer_headers=(LOCATION,),
    answer_examples={201: examples.PAID, 202: examples.PAYING},
    summary="Buy a product, by its id or slug",
    description=_DESCRIPTION,
    status_code=201,
    response_model=OrderAnswer,
    responses={202: {"model": OrderAnswer, "description": "The payment is still on its way."}},
    is_idempotent=True,
    refusals=(ProductNotFound, *_REFUSALS),
)
async def buy_product(
    request: Request,
    caller: Caller,
    product: NamedProduct,
    wired: Wired,
    body: BuyRequest | None = None,
) -> Answer:
    """Order the product of the path and pay it."""
    asked = body or BuyRequest()
    line = BasketLine(await _product_id(wired, product), asked.quantity)
    try:
        return await _buy(request, caller, line, asked, wired, operation="buy_product")
    except ProductNotAvailable:
        raise ProductNotFound from None


@router.post(
    "/v1/shop/buy",
    access="user",
    operation_id="buy",
    answer_headers=(LOCATION,),
    answer_examples={201: examples.PAID, 202: examples.PAYING},
    summary="Buy a product",
    description=_DESCRIPTION,
    status_code=201,
    response_model=OrderAnswer,
    responses={202: {"model": OrderAnswer, "description": "The payment is still on its way."}},
    is_idempotent=True,
    refusals=(ProductNotAvailable, *_REFUSALS),
)
async def buy(request: Request, caller: Caller, body: ProductBuyRequest, wired: Wired) -> Answer:
    """Order the product of the body and pay it."""
    line = BasketLine(body.product_id, body.quantity)
    return await _buy(request, caller, line, body, wired, operation="buy")


async def _buy(  # noqa: PLR0913 (what both operations know)
    request: Request,
    caller: Identity,
    line: BasketLine,
    body: BuyRequest,
    wired: Wiring,
    *,
    operation: str,
) -> Answer:
    """Order and pay, then wait for the end.

    Raises:
        PaymentDeclined: the payment was refused, and the order is cancelled.
    """
    spares = spared(caller, wired)
    wanted = OrderCreation(caller.user, [line], current(), is_bought=True, spares=spares)

    async def work(uow: UnitOfWork) -> Answer:
        return answer(ACCEPTED, await wired.batches.submit_within(uow, service.create, wanted))

    async def with_others() -> Answer:
        return answer(ACCEPTED, await wired.batches.submit(service.create, wanted))

    async def begin() -> Answer:
        return await idempotently(
            request, caller, operation=operation, body=body, work=work, without_key=with_others
        )

    attempt = PayAttempt(caller.user, wanted.order_id, wanted.payment_id)
    begun, order = await tried(wired, attempt, begin)
    if order is None:
        return begun
    if order.status is OrderStatus.CANCELLED:
        raise declined(order.reason or "")
    return Answer(CREATED, OrderAnswer.of(order), begun.own_headers)


async def _product_id(wired: Wiring, named: str) -> UUID:
    """Return the id of the product of a path; its lock decides if it is sold."""
    product_id = id_in(named)
    if product_id is not None:
        return product_id
    async with wired.database.read() as connection:
        found = await Products(connection).find(named, shown_only=True)
    if found is None:
        raise ProductNotFound
    return found.id
