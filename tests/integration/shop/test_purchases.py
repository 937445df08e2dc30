"""A purchase is order and payment in one call: all of it, or nothing."""

import asyncio

import pytest
from tests.integration.shop.room import code
from tests.integration.shop.till import BUY, ORDERS, Till

from kit.ids import new_id

PAYMENT_CODES = (
    "insufficient_funds",
    "wallet_frozen",
    "limit_per_payment",
    "limit_per_day",
    "check_denied",
    "check_unavailable",
    "wallet_unavailable",
    "payments_unavailable",
)


async def test_a_purchase_is_answered_once_it_is_paid(till: Till) -> None:
    product = await till.product()
    [bought] = await till.carried(till.post(BUY, json={"product_id": product, "quantity": 2}))
    order = bought.json()
    assert (bought.status_code, order["status"], order["total"]) == (201, "paid", "200.00")
    assert bought.headers["location"] == f"{ORDERS}/{order['id']}"
    assert await till.stock(product) == 8
    assert await till.seen(order["id"]) == order


async def test_a_product_is_bought_under_its_own_path_by_id_or_slug(till: Till) -> None:
    product = await till.product(slug="phone")
    answers = await till.carried(
        till.post(f"/v1/shop/products/{product}/buy"),
        till.post("/v1/shop/products/phone/buy", json={"quantity": 3}),
    )
    assert [one.status_code for one in answers] == [201, 201]
    assert await till.stock(product) == 6


@pytest.mark.parametrize("reason", PAYMENT_CODES)
async def test_a_purchase_that_is_not_paid_is_refused_with_the_payments_code(
    till: Till, reason: str
) -> None:
    product = await till.product()
    till.payments.refuses = lambda _: reason
    [answer] = await till.carried(till.post(BUY, json={"product_id": product}))
    assert (answer.status_code, answer.json()["code"]) == (409, reason)
    assert await till.stock(product) == 10
    [order] = (await till.get(ORDERS)).json()["items"]
    assert (order["status"], order["reason"]) == ("cancelled", reason)


async def test_a_code_that_the_shop_does_not_know_is_told_as_the_reason(till: Till) -> None:
    till.payments.refuses = lambda _: "payer_not_active"
    [answer] = await till.carried(till.post(BUY, json={"product_id": await till.product()}))
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_declined")
    assert answer.json()["reason"] == "payer_not_active"


async def test_what_is_not_there_is_not_bought(till: Till) -> None:
    product, hidden = await till.product(), await till.product("Old", is_active=False)
    for path in (str(new_id()), "no-such-thing", hidden):
        answer = await till.post(f"/v1/shop/products/{path}/buy")
        assert (answer.status_code, code(answer)) == (404, "product_not_found")
    answer = await till.post(BUY, json={"product_id": hidden})
    assert (answer.status_code, answer.json()["code"]) == (422, "product_not_available")
    assert answer.json()["errors"][0]["pointer"] == "/product_id"
    answer = await till.post(BUY, json={"product_id": product, "quantity": 11})
    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert answer.json()["errors"][0]["pointer"] == "/quantity"
    assert till.payments.heard == []


async def test_the_same_key_gives_the_same_end(till: Till) -> None:
    product, key = await till.product(), {"Idempotency-Key": "once"}
    body = {"product_id": product}
    [first] = await till.carried(till.post(BUY, json=body, headers=key))
    repeated = await till.post(BUY, json=body, headers=key)
    assert (repeated.status_code, repeated.json()) == (201, first.json())
    till.payments.refuses = lambda _: "insufficient_funds"
    refused_key = {"Idempotency-Key": "twice"}
    [refused] = await till.carried(till.post(BUY, json=body, headers=refused_key))
    till.payments.refuses = lambda _: None
    again = await till.post(BUY, json=body, headers=refused_key)
    assert [one.json()["code"] for one in (refused, again)] == ["insufficient_funds"] * 2
    assert await till.stock(product) == 9


async def test_a_purchase_cannot_be_cancelled_and_has_one_payment(till: Till) -> None:
    async def meanwhile() -> None:
        while not (found := (await till.get(ORDERS)).json()["items"]):
            await asyncio.sleep(0)
        [order] = found
        assert (order["status"], order["payment"]["method"]) == ("paying", "wallet")
        assert code(await till.cancel(order["id"])) == "order_not_pending"
        assert (await till.pay(order["id"])).json()["payment"] == order["payment"]
        await till.settle()

    buying = till.post(BUY, json={"product_id": await till.product()})
    bought, _ = await asyncio.gather(buying, meanwhile())
    assert bought.json()["status"] == "paid"


async def test_who_has_no_place_left_to_wait_is_answered_at_once(till: Till) -> None:
    product = await till.product()
    with till.no_place_left():
        answer = await till.post(BUY, json={"product_id": product})
    assert (answer.status_code, answer.json()["status"]) == (202, "paying")
