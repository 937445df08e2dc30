"""Refunds at once with news of others, or cut off anywhere: order and payments agree."""

import asyncio
from uuid import UUID

from tests.integration.shop.news import News, left, told
from tests.integration.shop.till import ORDERS, Till

from contracts.payments import RefundPayment
from kit.ids import new_id
from shop.domain.baskets import BasketLine
from shop.live.waiters import OrderRefundWaiters
from shop.repository import Orders
from shop.service.refunds import OrderRefunding, complete, request
from testkit.conditions import until, waits
from testkit.cuts import cut_everywhere


async def test_refunds_answers_and_news_at_once_do_not_deadlock_and_add_up(till: Till) -> None:
    products = [await till.product(f"P{n}", stock=100) for n in range(3)]
    orders = [await till.bought(*((one, 3) for one in products[::step])) for step in (1, -1, 1, -1)]
    for turn in range(3):
        for order in orders:
            till.arrive(News(till, order).refunded(10_000))
        lines = [(product, 1) for product in products]
        await asyncio.gather(
            *(
                till.refund(order["id"], *lines[:: 1 - turn % 2 * 2], restock=True)
                for order in orders
            ),
            *(till.asked(*lines[::step]) for step in (1, -1)),
            till.settle(),
        )
        await till.settle()
    for order in orders:
        seen = await till.seen(order["id"])
        completed = [amount for status, amount in told(seen) if status == "completed"]
        assert completed.count("100.00") == 3
        assert completed.count("300.00") == 2  # the third would be more than is left
        assert (seen["refunded"], left(seen)) == ("900.00", [1, 1, 1])
    held = 4 * 3 - 4 * 2 + 3 * 2  # sold, put back, and ordered meanwhile
    assert [await till.stock(one) for one in products] == [100 - held] * 3


async def test_of_many_who_refund_all_at_once_one_does(till: Till) -> None:
    order = await till.bought((await till.product(), 3))
    answers = await asyncio.gather(*(till.refund(order["id"]) for _ in range(8)))
    assert sorted(one.status_code for one in answers) == [202] + [409] * 7
    await till.settle()
    assert told(await till.seen(order["id"])) == [("completed", "300.00")]


async def test_an_order_is_shown_as_of_one_moment_with_its_refunds(till: Till) -> None:
    order = await till.bought((await till.product(), 3))
    till.payments.is_silent = True
    begun = await till.refund(order["id"])
    async with till.database.unit_of_work() as uow:
        await uow.execute("LOCK TABLE order_refund IN ACCESS EXCLUSIVE MODE")
        paths = (f"{ORDERS}/{order['id']}", f"{ORDERS}?id={order['id']}")
        shown = asyncio.gather(*(till.get(path) for path in paths))
        await until(waits(till.database, how_many=2))
        await complete(uow, OrderRefundWaiters(), [UUID(begun.json()["refund_id"])])
    one, listed = [answer.json() for answer in await shown]
    for seen in (one, *listed["items"]):
        assert told(seen) == [("processing", "300.00")]
        assert (seen["refunded"], seen["status"]) == ("0.00", "paid")
    seen = await till.seen(order["id"])
    assert (told(seen), seen["status"]) == ([("completed", "300.00")], "refunded")


async def test_a_refund_that_is_cut_off_anywhere_gives_back_once_what_it_counts(
    till: Till,
) -> None:
    product = await till.product(stock=1_000)
    order = await till.bought((product, 900))
    wanted: list[OrderRefunding] = []

    async def life() -> None:
        wanted.append(
            OrderRefunding(
                order_id=UUID(order["id"]),
                lines=[BasketLine(UUID(product), 1)],
                restock=True,
                reason=None,
                requested_by=new_id(),
            )
        )
        async with till.database.unit_of_work() as uow:
            await request(uow, till.service.state.wiring.refund_engine, wanted[-1])
        await till.settle()

    async for _ in cut_everywhere(life):
        await till.settle()
    asked = {
        one.message.refund_id
        for one in till.payments.heard
        if isinstance(one.message, RefundPayment)
    }
    assert asked <= {one.refund_id for one in wanted}
    assert len(wanted) > len(asked) > 0  # some were cut off before they were stored
    seen = await till.seen(order["id"])
    assert (seen["refunded"], left(seen)) == (f"{len(asked)}00.00", [900 - len(asked)])
    assert await till.stock(product) == 100 + len(asked)


async def test_of_two_who_refund_the_same_item_at_once_one_does(till: Till) -> None:
    product, other = await till.product(), await till.product("Other")
    order = await till.bought((product, 1), (other, 5))
    async with asyncio.TaskGroup() as group, till.database.unit_of_work() as uow:
        await Orders(uow).lock(UUID(order["id"]))
        calls = [group.create_task(till.refund(order["id"], (product, 1))) for _ in range(2)]
        await until(waits(till.database, how_many=2))
    assert sorted(call.result().status_code for call in calls) == [202, 409]
    await till.settle()
    assert left(await till.seen(order["id"])) == [0, 5]
