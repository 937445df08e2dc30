"""What was paid goes back: all or some items, once."""

import asyncio
from typing import Any

import pytest
from tests.integration.shop.news import left, told
from tests.integration.shop.room import code
from tests.integration.shop.till import ORDERS, Till

from contracts.auth import RecordAudit
from contracts.payments import RefundPayment
from kit.ids import new_id
from testkit.pump import sent


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


@pytest.mark.check(49)
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


@pytest.mark.check(49)
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
