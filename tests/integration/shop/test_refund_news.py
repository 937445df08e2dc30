"""What payments tells of refunds and disputes, with or without the shop having asked."""

from itertools import permutations
from uuid import UUID

import pytest
from tests.integration.shop.news import News, left, told
from tests.integration.shop.room import Json, code
from tests.integration.shop.till import Till

from contracts.payments import RefundMade, RefundPayment
from kit.ids import new_id
from kit.messaging.outbox import emit
from kit.saga import Action


async def test_a_refund_made_at_payments_counts_and_has_no_items(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    news = News(till, order)
    outside = news.refunded(15_000)
    await till.told(outside, outside)
    seen = await till.seen(order["id"])
    assert (seen["status"], seen["refunded"], left(seen)) == ("paid", "150.00", [2])
    assert [(one["id"], one["items"]) for one in seen["refunds"]] == [(str(outside.refund_id), [])]
    more = await till.refund(order["id"], (product, 1))
    assert (more.status_code, code(more)) == (409, "refund_exceeds_order")
    assert more.json()["errors"][0]["pointer"] == "/items"
    rest = await till.refunded(order["id"], restock=True)
    assert (rest["status"], rest["refunded"], left(rest)) == ("refunded", "200.00", [0])
    assert told(rest) == [("completed", "150.00"), ("completed", "50.00")]
    assert await till.stock(product) == 10


async def test_a_refund_of_all_at_payments_refunds_the_order(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    await till.told(News(till, order).refunded(20_000))
    seen = await till.seen(order["id"])
    assert (seen["status"], seen["refunded"], left(seen)) == ("refunded", "200.00", [2])
    assert await till.stock(product) == 8


async def test_payments_may_refund_what_the_shop_has_asked_for_already(till: Till) -> None:
    """Both asked for it; payments made the first only, and the shop believes it."""
    product = await till.product()
    order = await till.bought((product, 2))
    till.payments.refund_refusal = "refund_exceeds_payment"
    await till.refund(order["id"])
    await till.told(News(till, order).refunded(3_000))
    seen = await till.seen(order["id"])
    assert (seen["status"], seen["refunded"], left(seen)) == ("paid", "30.00", [2])
    assert sorted(told(seen)) == [("completed", "30.00"), ("failed", "200.00")]


async def test_a_refund_that_comes_back_is_the_shops_again(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    seen = await till.refunded(order["id"], restock=True)
    assert await till.stock(product) == 10
    refund_id = UUID(seen["refunds"][0]["id"])
    await till.told(News(till, order).failed(20_000, refund_id))
    seen = await till.seen(order["id"])
    assert (seen["status"], seen["refunded"], left(seen)) == ("paid", "0.00", [2])
    assert seen["refunded_at"] is None
    assert (seen["refunds"][0]["status"], seen["refunds"][0]["failure_reason"]) == (
        "failed",
        "card_refund_failed",
    )
    again = await till.refunded(order["id"], restock=True)
    assert again["status"] == "refunded"
    assert await till.stock(product) == 10  # it came back once, and cannot come back again


@pytest.mark.parametrize("order_of", list(permutations(range(3))))
async def test_answer_and_news_of_a_refund_may_come_in_any_order_and_twice(
    till: Till, order_of: tuple[int, ...]
) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    till.payments.is_silent = True
    seen = await till.refunded(order["id"], (product, 1), restock=True)
    refund_id = UUID(seen["refunds"][0]["id"])
    asked, news = till.payments.heard[-1], News(till, order)
    assert isinstance(asked.message, RefundPayment)
    answer = RefundMade(in_reply_to=asked.message.command_id, refund_id=refund_id)

    async def answered() -> None:
        async with till.other.unit_of_work() as uow:
            emit(uow, answer, subject=asked.subject, to="shop")
        await till.settle()

    tellers = (
        answered,
        lambda: till.told(news.refunded(10_000, refund_id)),
        lambda: till.told(news.failed(10_000, refund_id)),
    )
    for which in (*order_of, *order_of):
        await tellers[which]()
    seen = await till.seen(order["id"])
    assert (seen["status"], seen["refunded"], told(seen)) == (
        "paid",
        "0.00",
        [("failed", "100.00")],
    )
    assert left(seen) == [2]
    was_completed_first = order_of.index(2) != 0
    assert await till.stock(product) == (9 if was_completed_first else 8)


async def test_news_of_a_refund_completes_it_once_with_its_answer(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    await till.refund(order["id"], (product, 1), restock=True)
    refund_id = UUID((await till.seen(order["id"]))["refunds"][0]["id"])
    news = News(till, order).refunded(10_000, refund_id)
    await till.told(news, news)
    await till.told(news)
    seen = await till.seen(order["id"])
    assert (told(seen), seen["refunded"]) == ([("completed", "100.00")], "100.00")
    assert await till.stock(product) == 9


async def test_a_refund_that_is_told_of_before_the_payment_counts_once_that_is_known(
    till: Till,
) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    order = (await till.pay(order_id)).json()
    till.payments.is_silent = True
    await till.told(News(till, order).refunded(4_000))
    seen = await till.seen(order_id)
    assert (seen["status"], seen["refunded"], seen["refunds"]) == ("paying", "0.00", [])
    till.payments.is_silent = False
    await till.wake(6)
    seen = await till.seen(order_id)
    assert (seen["status"], seen["refunded"], told(seen)) == (
        "paid",
        "40.00",
        [("completed", "40.00")],
    )


async def test_what_a_late_payment_gives_back_is_not_the_orders(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    till.payments.refuses = lambda _: "wallet_unavailable"
    first = await till.paid(order_id)
    await till.told(News(till, first).refunded(10_000))
    till.payments.refuses = lambda _: None
    paid = await till.paid(order_id)
    assert (paid["status"], paid["refunded"], paid["refunds"]) == ("paid", "0.00", [])


async def test_news_of_others_payments_is_nothing_to_the_shop(till: Till) -> None:
    order = await till.bought((await till.product(), 1))
    news = News(till, order)
    stranger = {"payee_id": new_id()}
    await till.told(news.refunded(1, **stranger), news.disputed(1, new_id(), **stranger))
    await till.told(news.refunded(1, payment_id=new_id()))
    assert await till.seen(order["id"]) == order


async def test_disputes_and_their_ends_are_shown_on_their_order(till: Till) -> None:
    order = await till.bought((await till.product(), 2))
    news, first, second = News(till, order), new_id(), new_id()
    await till.told(news.disputed(20_000, first))
    [dispute] = (await till.seen(order["id"]))["disputes"]
    assert (dispute["id"], dispute["amount"]) == (str(first), "200.00")
    assert (dispute["reason"], dispute["outcome"], dispute["closed_at"]) == (
        "fraudulent",
        None,
        None,
    )
    till.clock.advance(60)
    # The end of the second is told before its beginning.
    await till.told(news.closed(20_000, first, "lost"), news.closed(500, second, "won"))
    await till.told(news.disputed(500, second), news.disputed(20_000, first))
    seen = await till.seen(order["id"])
    assert [(one["outcome"], one["reason"]) for one in seen["disputes"]] == [
        ("lost", "fraudulent"),
        ("won", "fraudulent"),
    ]
    assert seen["status"] == "paid"


async def given_up(till: Till) -> tuple[Json, UUID]:
    """Return an order of two products, and the refund of one that an operator has given up."""
    product, other = await till.product(), await till.product("Other")
    order = await till.bought((product, 1), (other, 5))
    till.payments.is_silent = True
    asked = await till.refund(order["id"], (product, 1), restock=True)
    refund_id = UUID(asked.json()["refund_id"])
    async with till.database.unit_of_work() as uow:
        engine = till.service.state.wiring.refund_engine
        assert await engine.operate(uow, refund_id, Action.FORCE, actor="ann")
    await till.settle()
    till.payments.is_silent = False
    seen = await till.seen(order["id"])
    assert (told(seen), left(seen)) == ([("failed", "100.00")], [1, 5])
    return order, refund_id


async def test_a_refund_that_an_operator_gave_up_counts_if_payments_made_it_all_the_same(
    till: Till,
) -> None:
    order, refund_id = await given_up(till)
    product = order["items"][0]["product_id"]
    await till.refunded(order["id"], (product, 1), restock=True)
    await till.told(News(till, order).refunded(10_000, refund_id))
    seen = await till.seen(order["id"])
    assert (seen["status"], seen["refunded"], left(seen)) == ("paid", "200.00", [0, 5])
    assert told(seen) == [("completed", "100.00"), ("completed", "100.00")]
    assert seen["refunds"][0]["failure_reason"] is None
    assert await till.stock(product) == 10  # both wanted it on the shelf, and there is one


@pytest.mark.parametrize("is_told_in_turn", [True, False])
async def test_a_refund_that_an_operator_gave_up_and_that_came_back_has_failed(
    till: Till, *, is_told_in_turn: bool
) -> None:
    order, refund_id = await given_up(till)
    news = News(till, order)
    events = [news.refunded(10_000, refund_id), news.failed(10_000, refund_id)]
    for event in events if is_told_in_turn else events[::-1]:
        await till.told(event)
    seen = await till.seen(order["id"])
    assert (seen["status"], seen["refunded"], left(seen)) == ("paid", "0.00", [1, 5])
    assert seen["refunds"][0]["failure_reason"] == "card_refund_failed"
