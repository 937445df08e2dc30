"""What was paid goes back: all or some items, told by the answer or by news, once."""

import asyncio
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from tests.integration.shop.news import News
from tests.integration.shop.room import Json, code
from tests.integration.shop.till import ORDERS, Till

from contracts.auth import RecordAudit
from contracts.payments import RefundMade, RefundPayment
from kit.ids import new_id
from kit.messaging.outbox import emit
from kit.saga import Action
from shop.repository import Orders
from testkit.conditions import until, waits
from testkit.pump import sent


def told(order: Json) -> list[tuple[str, str]]:
    return [(one["status"], one["amount"]) for one in order["refunds"]]


def left(order: Json) -> list[int]:
    return [one["quantity"] - one["refunded_quantity"] for one in order["items"]]


async def test_some_items_go_back_at_the_price_that_was_paid(till: Till) -> None:
    phone, case = await till.product(), await till.product("Case", "9.90")
    order = await till.bought((phone, 2), (case, 3))
    await till.ask("PATCH", f"/v1/shop/products/{case}", till.admin, json={"price": "50.00"})
    seen = await till.refunded(order["id"], (case, 2), reason="Scratched")
    assert (seen["status"], seen["refunded"], left(seen)) == ("paid", "19.80", [2, 1])
    [refund] = seen["refunds"]
    assert (refund["status"], refund["amount"], refund["reason"]) == (
        "completed",
        "19.80",
        "Scratched",
    )
    assert refund["items"] == [{"product_id": case, "quantity": 2}]
    [asked] = [one.message for one in till.payments.heard[-1:]]
    assert isinstance(asked, RefundPayment)
    assert str(asked.payment_id) == order["payment"]["id"]
    assert (str(asked.refund_id), asked.amount_minor) == (refund["id"], 1980)
    assert await till.stock(case) == 7


async def test_without_items_all_that_is_left_goes_back_and_the_order_is_refunded(
    till: Till,
) -> None:
    phone, case = await till.product(), await till.product("Case", "9.90")
    order = await till.bought((phone, 2), (case, 3))
    await till.refunded(order["id"], (phone, 1))
    seen = await till.refunded(order["id"])
    assert (seen["status"], seen["refunded"], left(seen)) == ("refunded", "229.70", [0, 0])
    assert seen["refunded_at"] is not None
    assert told(seen) == [("completed", "100.00"), ("completed", "129.70")]


async def test_stock_comes_back_by_choice_once_the_money_is_back(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 4))
    await till.refunded(order["id"], (product, 1))
    assert await till.stock(product) == 6
    assert (await till.refund(order["id"], (product, 2), restock=True)).status_code == 202
    assert await till.stock(product) == 6
    await till.settle()
    assert await till.stock(product) == 8


async def test_a_refused_refund_frees_what_it_was_for(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    till.payments.refund_refusal = "payment_disputed"
    seen = await till.refunded(order["id"], restock=True)
    assert (seen["status"], seen["refunded"], left(seen)) == ("paid", "0.00", [2])
    assert told(seen) == [("failed", "200.00")]
    assert seen["refunds"][0]["failure_reason"] == "payment_disputed"
    assert await till.stock(product) == 8
    till.payments.refund_refusal = None
    assert (await till.refunded(order["id"], restock=True))["status"] == "refunded"
    assert await till.stock(product) == 10


async def test_who_prefers_to_wait_is_told_the_end_of_their_own_refund(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 3))
    await till.refunded(order["id"], (product, 1))
    for refusal, status, back in ((None, "completed", "200.00"), ("too_late", "failed", "200.00")):
        till.payments.refund_refusal = refusal
        [answer] = await till.carried(
            till.refund(order["id"], (product, 1), headers={"Prefer": "wait=10"})
        )
        body = answer.json()
        assert (answer.status_code, body["refunded"]) == (200, back)
        [own] = [one for one in body["refunds"] if one["id"] == body["refund_id"]]
        assert own["status"] == status
        assert answer.headers["preference-applied"] == "wait=10"


async def test_what_does_not_end_in_time_is_answered_as_accepted(till: Till) -> None:
    order = await till.bought((await till.product(), 1))
    answer = await till.refund(order["id"], headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "paid")
    assert answer.headers["location"] == f"{ORDERS}/{order['id']}"


async def test_who_has_no_place_left_to_wait_is_answered_at_once(till: Till) -> None:
    order = await till.bought((await till.product(), 1))
    with till.no_place_left(till.admin):
        answer = await till.refund(order["id"], headers={"Prefer": "wait=10"})
    assert (answer.status_code, told(answer.json())) == (202, [("processing", "100.00")])


async def test_what_was_deleted_meanwhile_has_no_shelf_to_come_back_to(till: Till) -> None:
    product, kept = await till.product(), await till.product("Case")
    order = await till.bought((product, 1), (kept, 1))
    await till.ask("DELETE", f"/v1/shop/products/{product}", till.admin)
    assert (await till.refunded(order["id"], restock=True))["status"] == "refunded"
    assert await till.stock(kept) == 10


async def test_a_key_refunds_once_and_anew_where_that_has_failed(till: Till) -> None:
    product, key = await till.product(), {"Idempotency-Key": "back-1"}
    order = await till.bought((product, 3))
    till.payments.refund_refusal = "insufficient_funds"
    first, again = [await till.refund(order["id"], (product, 1), headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    await till.settle()
    till.payments.refund_refusal = None
    waiting = {**key, "Prefer": "wait=10"}
    [anew] = await till.carried(till.refund(order["id"], (product, 1), headers=waiting))
    assert anew.json()["refund_id"] != first.json()["refund_id"]
    [repeated] = await till.carried(till.refund(order["id"], (product, 1), headers=waiting))
    assert repeated.json()["refund_id"] == anew.json()["refund_id"]
    other = await till.refund(order["id"], (product, 2), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await till.seen(order["id"]))["refunded"] == "100.00"


async def test_only_what_is_paid_is_refunded(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    assert code(await till.refund(order_id)) == "order_not_paid"
    await till.paid(order_id)
    assert (await till.refunded(order_id))["status"] == "refunded"
    refused = await till.refund(order_id)
    assert (refused.status_code, code(refused)) == (409, "order_not_paid")
    unknown = await till.refund(str(new_id()))
    assert (unknown.status_code, code(unknown)) == (404, "order_not_found")


async def test_refunds_are_for_admins_and_audited(till: Till) -> None:
    order = await till.bought((await till.product(), 1))
    path = f"{ORDERS}/{order['id']}/refund"
    assert code(await till.post(path)) == "forbidden"
    before = len(await sent(till.database, RecordAudit))
    await till.refund(order["id"])
    acts = [one.message for one in await sent(till.database, RecordAudit)][before:]
    [act] = [one for one in acts if isinstance(one, RecordAudit)]
    assert (act.action, act.subject_id, act.owner_id) == ("refund_order", order["id"], till.buyer)


@pytest.mark.parametrize(
    ("quantity", "refusal", "status"),
    [
        (0, "too_small", 422),
        (-1, "too_small", 422),
        (1_000_001, "too_large", 422),
        (1.5, "wrong_type", 422),
        ("1", "wrong_type", 422),
        (3, "refund_exceeds_order", 409),
    ],
)
async def test_odd_quantities_are_refused_and_nothing_goes_back(
    till: Till, quantity: Any, refusal: str, status: int
) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    answer = await till.refund(order["id"], (product, quantity))
    assert (answer.status_code, code(answer)) == (status, refusal)
    assert answer.json()["errors"][0]["pointer"] == "/items/0/quantity"
    assert await till.seen(order["id"]) == order


async def test_odd_lines_are_refused_and_named(till: Till) -> None:
    product, other = await till.product(), await till.product("Other")
    order = await till.bought((product, 2))
    foreign = await till.refund(order["id"], (product, 1), (other, 1), (str(new_id()), 1))
    assert (foreign.status_code, foreign.json()["code"]) == (422, "item_not_in_order")
    pointers = [one["pointer"] for one in foreign.json()["errors"]]
    assert pointers == ["/items/1/product_id", "/items/2/product_id"]
    twice = await till.refund(order["id"], (product, 1), (product, 1))
    assert (twice.status_code, code(twice)) == (422, "repeated")
    assert code(await till.refund(order["id"], items=[])) == "too_short"
    many = await till.refund(order["id"], *[(str(new_id()), 1)] * 500)
    assert (many.status_code, code(many)) == (422, "too_long")
    assert code(await till.refund(order["id"], reason="\x00")) == "malformed"
    card = await till.refund(order["id"], reason="To 4111 1111 1111 1111")
    assert (card.status_code, code(card)) == (422, "card_number_refused")
    assert await till.seen(order["id"]) == order


async def test_what_is_under_way_is_not_refunded_again(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 2))
    await till.refund(order["id"], (product, 1))
    more = await till.refund(order["id"], (product, 2))
    assert (more.status_code, more.json()["code"]) == (409, "refund_exceeds_order")
    assert more.json()["errors"][0]["detail"] == "“Phone”: 1 left to refund."
    await till.refund(order["id"])
    nothing = await till.refund(order["id"])
    assert (nothing.status_code, nothing.json()["code"]) == (409, "refund_exceeds_order")
    assert nothing.json()["errors"][0]["detail"] == "0.00 RUB left of the order."
    await till.settle()
    assert (await till.seen(order["id"]))["refunded"] == "200.00"


async def test_refunds_of_items_at_once_never_exceed_what_was_paid(till: Till) -> None:
    product = await till.product()
    order = await till.bought((product, 5))
    answers = await asyncio.gather(
        *(till.refund(order["id"], (product, 2), restock=True) for _ in range(10)),
        till.refund(order["id"], (product, 1), restock=True),
    )
    accepted = [one for one in answers if one.status_code == 202]
    refused = {code(one) for one in answers if one.status_code != 202}
    assert refused == {"refund_exceeds_order"}
    assert len(accepted) in (2, 3)
    await till.settle()
    seen = await till.seen(order["id"])
    back = sum(one["items"][0]["quantity"] for one in seen["refunds"])
    assert seen["refunded"] == f"{back}00.00"
    assert (await till.stock(product), left(seen)) == (5 + back, [5 - back])
    assert back in (4, 5)


async def test_a_silent_payments_is_asked_again_for_the_same_refund(till: Till) -> None:
    order = await till.bought((await till.product(), 1))
    till.payments.is_silent = True
    await till.refund(order["id"])
    await till.settle()
    till.payments.is_silent = False
    await till.wake(6)
    asked = [one.message for one in till.payments.heard if isinstance(one.message, RefundPayment)]
    assert len(asked) == 2
    assert asked[0] == asked[1]
    assert (await till.seen(order["id"]))["status"] == "refunded"


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
