"""Answers buyers: with an order as it is, or once it is known whether it is paid."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from kit.http import LOCATION
from kit.step_up import WithoutStepUp
from kit.waiters import in_time
from kit.web.answers import Answer
from kit.web.identity import Identity
from kit.web.step_up import without_step_up
from shop.domain.orders import Order
from shop.schemas.orders import OrderAnswer
from shop.wiring import Wiring

ORDERS: Final = "/v1/shop/orders"
# Seconds that a purchase, and a card's page, are waited for.
PATIENCE: Final = 10.0


class AttemptNamed(BaseModel):
    """Names which payment an order is paid by."""

    id: UUID


class OrderNamed(BaseModel):
    """Names which order an answer is about, and which payment pays it."""

    id: UUID
    payment: AttemptNamed


@dataclass(frozen=True, slots=True)
class PayAttempt:
    """A payment that a request would begin, and what it would wait for.

    Attributes:
        or_page: Whether it is enough that the card can be entered.
        seconds: How long the request waits; None: not at all.
    """

    buyer_id: UUID
    order_id: UUID
    payment_id: UUID
    or_page: bool = False
    seconds: float | None = PATIENCE


def spared(caller: Identity, wired: Wiring) -> WithoutStepUp:
    """Return what the buyer's wallet pays without a step-up."""
    return without_step_up(caller, wired.database.clock.now())


def answer(status: int, order: Order) -> Answer:
    """Return the order as an answer that says where it is."""
    return Answer(status, OrderAnswer.of(order), {LOCATION: f"{ORDERS}/{order.id}"})


async def tried(
    wired: Wiring, attempt: PayAttempt, begin: Callable[[], Awaitable[Answer]]
) -> tuple[Answer, Order | None]:
    """Begin a payment; return the answer, and the order if its end comes in time.

    No unit of work is open while it is waited, and no connection is held. Where the payment was
    begun before, by the same request or by another, its end is waited for.
    """
    waiters, or_page = wired.order_waiters, attempt.or_page
    with waiters.expect(attempt.order_id, attempt.payment_id, or_page=or_page) as news:
        begun = await begin()
        named = begun.says(OrderNamed)
        if named.payment.id == attempt.payment_id:
            return begun, await _in_time(wired, attempt, news)
    with waiters.expect(named.id, named.payment.id, or_page=or_page) as news:
        return begun, await _in_time(wired, attempt, news)


async def _in_time(wired: Wiring, attempt: PayAttempt, news: asyncio.Future[Order]) -> Order | None:
    if attempt.seconds is None:
        return None
    with wired.places.place(attempt.buyer_id) as is_free:
        if not is_free:
            return None
        return await in_time(news, attempt.seconds)
