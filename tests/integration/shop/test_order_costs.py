"""Orders cost a fixed number of statements, however many arrive together."""

from collections.abc import Awaitable
from uuid import UUID

import pytest
from msgspec.structs import replace
from tests.integration.shop.till import ORDERS, Till

from contracts.payments import TakePayment
from kit.context import Context
from kit.ids import new_id
from shop.domain.baskets import BasketLine
from shop.domain.orders import Order
from shop.refusals import OutOfStock
from shop.service import order_payments, orders
from shop.service.order_payments import OrderPaying
from shop.service.orders import OrderCreation
from shop.service.replies import take
from testkit.pump import sent


async def counted(till: Till, work: Awaitable[object]) -> int:
    before = till.database.statements
    await work
    return till.database.statements - before


async def created(till: Till, *wanted: OrderCreation) -> list[object]:
    """Make orders in one batch; return what became of each."""
    wiring = till.service.state.wiring
    terms = orders.OrderTerms(wiring.settings.order_ttl, 1000)
    async with till.database.unit_of_work() as uow:
        return list(await orders.create(uow, wanted, engine=wiring.engine, terms=terms))


async def paid(till: Till, *wanted: OrderPaying) -> None:
    async with till.database.unit_of_work() as uow:
        await order_payments.pay(uow, wanted, engine=till.service.state.wiring.engine)


def wish(product: str, quantity: int = 1, *, is_bought: bool = False) -> OrderCreation:
    line = BasketLine(UUID(product), quantity)
    return OrderCreation(new_id(), [line], Context(), is_bought=is_bought)


async def test_a_batch_is_decided_in_the_order_in_which_it_came(till: Till) -> None:
    product = await till.product()
    wanted = [wish(product, quantity) for quantity in (4, 7, 6, 1)]
    kinds = [type(one) for one in await created(till, *wanted)]
    assert kinds == [Order, OutOfStock, Order, OutOfStock]
    assert await till.stock(product) == 0


@pytest.mark.parametrize("number", [1, 40])
async def test_ordering_and_paying_cost_the_same_for_one_and_for_many(
    till: Till, number: int
) -> None:
    product = await till.product(stock=1000)
    wanted = [wish(product) for _ in range(number)]
    assert await counted(till, created(till, *wanted)) == 5
    paying = [OrderPaying(one.order_id, one.owner_id, Context()) for one in wanted]
    assert await counted(till, paid(till, *paying)) == 3
    bought = [wish(product, is_bought=True) for _ in range(number)]
    assert await counted(till, created(till, *bought)) == 7


async def test_what_follows_costs_the_same_for_one_and_for_many(till: Till) -> None:
    product = await till.product(stock=1000)

    async def cost(number: int) -> int:
        await created(till, *[wish(product, is_bought=True) for _ in range(number)])
        return await counted(till, till.settle())

    one = await cost(1)
    assert await cost(40) == one
    till.payments.refuses = lambda _: "insufficient_funds"
    one = await cost(1)
    assert await cost(40) == one


async def test_what_payments_answers_costs_the_same_for_one_and_for_many(till: Till) -> None:
    product = await till.product(stock=1000)

    async def answered(wanted: list[OrderCreation]) -> int:
        await created(till, *wanted)
        answers = []
        for command in await sent(till.database, TakePayment):
            assert isinstance(command.message, TakePayment)
            answers.append(replace(command, message=till.payments.reply(command.message)))

        async def take_all() -> None:
            async with till.database.unit_of_work() as uow:
                wiring = till.service.state.wiring
                await take(uow, answers, orders=wiring.engine, refunds=wiring.refund_engine)

        return await counted(till, take_all())

    few = await answered([wish(product, is_bought=True)])
    many = [wish(product, is_bought=True) for _ in range(40)]
    assert await answered(many) == few == 9
    assert (await till.seen(str(many[0].order_id), till.admin))["status"] == "paid"


async def test_expiry_costs_the_same_for_one_and_for_many(till: Till) -> None:
    product = await till.product(stock=1000)
    await created(till, wish(product))
    one = await counted(till, till.expire())
    await created(till, *[wish(product) for _ in range(40)])
    assert await counted(till, till.expire()) == one == 3


async def test_a_page_costs_three_statements_however_much_is_in_its_orders(till: Till) -> None:
    products = [await till.product(f"P{n}") for n in range(5)]
    await till.order((products[0], 1))
    one = await counted(till, till.get(ORDERS))
    for _ in range(5):
        await till.order(*((product, 1) for product in products))
    assert await counted(till, till.get(ORDERS)) == one == 3
