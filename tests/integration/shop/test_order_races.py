"""Many at once: nothing is sold twice, and no order is both paid and cancelled."""

import asyncio
from collections import Counter
from uuid import UUID

from tests.integration.shop.till import BUY, THANKS, Till

from contracts.payments import TakePayment
from kit.context import Context
from kit.ids import new_id
from kit.messaging.messages import Command
from kit.messaging.outbox import emit
from shop.sagas.order import CardTerms
from shop.service.order_payments import OrderPaying, pay
from testkit.conditions import until, waits

LOCKED = "SELECT 1 FROM shop_order WHERE id = $1 FOR NO KEY UPDATE"


async def test_fifty_buyers_of_ten_items_buy_ten(till: Till) -> None:
    product = await till.product()
    buyers = [new_id() for _ in range(50)]
    answers = await till.carried(
        *(till.post(BUY, buyer, json={"product_id": product}) for buyer in buyers)
    )
    told = Counter(
        answer.json()["status"] if answer.is_success else answer.json()["code"]
        for answer in answers
    )
    assert told == {"paid": 10, "out_of_stock": 40}
    assert await till.stock(product) == 0


async def test_fifty_buyers_with_keys_each_in_their_own_unit_of_work_buy_ten(till: Till) -> None:
    product = await till.product()
    buyers = [new_id() for _ in range(50)]
    key = {"Idempotency-Key": "one"}
    answers = await till.carried(
        *(till.post(BUY, buyer, json={"product_id": product}, headers=key) for buyer in buyers)
    )
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 40}
    assert await till.stock(product) == 0


async def test_a_wallet_that_funds_nine_of_forty_purchases_makes_nine(till: Till) -> None:
    product, funded = await till.product(stock=100), iter(range(9))

    def refuses(_: TakePayment) -> str | None:
        return "insufficient_funds" if next(funded, None) is None else None

    till.payments.refuses = refuses
    answers = await till.carried(*(till.post(BUY, json={"product_id": product}) for _ in range(40)))
    assert Counter(answer.status_code for answer in answers) == {201: 9, 409: 31}
    assert await till.stock(product) == 91


async def test_of_a_cancel_and_the_news_of_the_card_one_wins(till: Till) -> None:
    product, pairs = await till.product(stock=100), 100
    orders = [await till.order((product, 1)) for _ in range(pairs)]
    answers = await till.carried(
        *(
            till.pay(one, json={"method": "card", "return_url": "https://shop.example"})
            for one in orders
        )
    )
    for answer in answers:
        await till.card(answer.json()["payment"]["id"])
    await asyncio.gather(*(till.cancel(one) for one in orders[::2]), till.settle())
    await asyncio.gather(*(till.cancel(one) for one in orders), till.settle())
    await till.settle()
    seen = [await till.seen(one) for one in orders]
    ends = Counter((one["status"], one["payment"]["status"]) for one in seen)
    assert set(ends) <= {("paid", "paid"), ("cancelled", "not_paid")}
    paid = ends["paid", "paid"]
    assert till.payments.kinds.count("ReturnPayment") == pairs - paid
    assert await till.stock(product) == 100 - paid


async def test_of_two_who_pay_an_order_at_once_one_pays(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    answers = await asyncio.gather(
        *(till.pay(order_id, headers={"Idempotency-Key": f"k{n}"}) for n in range(8))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["payment"]["id"] for answer in answers}) == 1
    await till.settle()
    assert till.payments.kinds == ["TakePayment"]


async def test_of_a_cancel_and_a_payment_at_once_one_wins(till: Till) -> None:
    product = await till.product(stock=100)
    orders = [await till.order((product, 1)) for _ in range(20)]
    await asyncio.gather(*(call(one) for one in orders for call in (till.cancel, till.pay)))
    await till.settle()
    ends = Counter([(await till.seen(one))["status"] for one in orders])
    assert set(ends) <= {"paid", "cancelled"}
    assert await till.stock(product) == 100 - ends["paid"]


async def test_a_cancel_that_has_waited_for_a_card_payment_calls_it_off(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    engine = till.service.state.wiring.engine
    wanted = OrderPaying(UUID(order_id), till.buyer, Context(), CardTerms(THANKS))
    async with asyncio.TaskGroup() as group, till.database.unit_of_work() as uow:
        await pay(uow, [wanted], engine=engine)
        cancelling = group.create_task(till.cancel(order_id))
        await until(waits(till.database))
    assert (await cancelling).json()["payment"]["id"] == str(wanted.payment_id)
    await till.settle()
    assert till.payments.kinds == ["TakePayment", "ReturnPayment"]
    assert (await till.seen(order_id))["payment"]["status"] == "not_paid"


async def test_orders_that_name_the_same_products_in_any_order_do_not_deadlock(
    till: Till,
) -> None:
    products = [await till.product(f"P{n}", stock=1000) for n in range(5)]
    for turn in range(4):
        lines = [(one, 1) for one in products]
        asked = [
            till.asked(*lines[::step], headers={"Idempotency-Key": f"{turn}-{n}"})
            for n, step in enumerate((1, -1, 2, -2, 1, -1))
        ]
        made = await asyncio.gather(*asked)
        assert {one.status_code for one in made} == {201}
        ended = await asyncio.gather(
            *(till.cancel(one.json()["id"]) for one in made),
            till.asked(*lines),
            till.expire(0),
        )
        assert {one.status_code for one in ended[:-2]} == {200}
    assert await till.stock(products[0]) == 996


async def test_orders_of_a_batch_are_locked_in_id_order_whatever_is_told_of_them(
    till: Till,
) -> None:
    """A refund of the later order is told first; else both would wait for each other for ever."""
    product = await till.product()
    first = await till.order((product, 1))
    later = await till.bought((product, 1))
    till.payments.is_silent = True
    await till.refund(later["id"])
    await till.pay(first)
    await till.settle()
    async with till.other.unit_of_work() as uow:
        for asked in till.payments.heard[-2:]:
            assert isinstance(asked.message, Command)
            emit(uow, till.payments.reply(asked.message), subject=asked.subject, to="shop")
    async with asyncio.TaskGroup() as group, till.database.unit_of_work() as uow:
        await uow.fetch(LOCKED, UUID(first))
        group.create_task(till.settle())
        await until(waits(till.database))
        assert await uow.fetch(f"{LOCKED} NOWAIT", UUID(later["id"]))
    assert (await till.seen(first))["status"] == "paid"
    assert (await till.seen(later["id"]))["status"] == "refunded"
