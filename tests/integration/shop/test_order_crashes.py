"""Cut off at every await and started again: order, stock and payment agree."""

from collections import Counter
from uuid import UUID

import pytest
from tests.integration.shop.till import THANKS, Till

from kit.context import Context
from shop.domain.baskets import BasketLine
from shop.repository import Orders
from shop.sagas.order import CardTerms
from shop.service.order_payments import OrderPaying, pay
from shop.service.orders import OrderCreation, OrderTerms, cancel, create
from testkit.cuts import cut_everywhere

MOST_CUTS = 120


async def ordered(till: Till, product: str, *, is_bought: bool) -> UUID:
    """Make an order, or begin a purchase; return the order's id."""
    wiring = till.service.state.wiring
    line = BasketLine(UUID(product), 1)
    wanted = OrderCreation(till.buyer, [line], Context(), is_bought=is_bought)
    terms = OrderTerms(wiring.settings.order_ttl, 10_000)
    async with till.database.unit_of_work() as uow:
        await create(uow, [wanted], engine=wiring.engine, terms=terms)
    return wanted.order_id


async def with_pages(till: Till, product: str) -> dict[UUID, str]:
    """Make orders with open card pages; return their payments by order."""
    orders = [await ordered(till, product, is_bought=False) for _ in range(MOST_CUTS)]
    card = CardTerms(THANKS)
    wanted = [OrderPaying(one, till.buyer, Context(), card) for one in orders]
    async with till.database.unit_of_work() as uow:
        await pay(uow, wanted, engine=till.service.state.wiring.engine)
    await till.settle()
    return {one.order_id: str(one.payment_id) for one in wanted}


async def ends(till: Till, orders: list[UUID]) -> Counter[str]:
    async with till.database.read() as connection:
        return Counter(str(one.status) for one in await Orders(connection).among(orders))


@pytest.mark.parametrize(("reason", "end"), [(None, "paid"), ("wallet_frozen", "cancelled")])
async def test_a_purchase_that_is_cut_off_anywhere_ends_as_its_payment(
    till: Till, reason: str | None, end: str
) -> None:
    product, orders = await till.product(stock=10_000), list[UUID]()
    till.payments.refuses = lambda _: reason

    async def life() -> None:
        orders.append(await ordered(till, product, is_bought=True))
        await till.settle()

    async for _ in cut_everywhere(life):
        await till.settle()
    found = await ends(till, orders)
    assert found.total() > 30  # it was cut off at many moments after the beginning
    assert set(found) == {end}
    assert await till.stock(product) == 10_000 - found["paid"]


async def test_of_a_charge_and_a_cancel_that_are_cut_off_anywhere_one_wins(till: Till) -> None:
    product = await till.product(stock=10_000)
    pages = await with_pages(till, product)
    left = iter(pages.items())

    async def life() -> None:
        order_id, payment_id = next(left)
        await till.card(payment_id)
        async with till.database.unit_of_work() as uow:
            await cancel(uow, till.service.state.wiring.engine, order_id, till.buyer)
        await till.settle()

    async for _ in cut_everywhere(life):
        await till.settle()
    found = await ends(till, list(pages))
    assert found["paid"] > 0
    assert found["cancelled"] > 0
    assert found["paying"] == 0
    assert till.payments.kinds.count("ReturnPayment") >= found["cancelled"]
    assert await till.stock(product) == 10_000 - found["paid"] - found["pending"]
