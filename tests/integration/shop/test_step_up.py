"""What costs more than its buyer's own limit needs a recent login; else nothing is done."""

from typing import Any
from uuid import UUID

import httpx
from tests.integration.shop.till import BUY, THANKS, Till

from kit.ids import new_id

LIMITS = {"RUB": 200_00}


def seat(till: Till, *, seconds_ago: int = 901, **claims: Any) -> UUID:
    """Return as whom the buyer asks with a login of so long ago, to be asked above 200."""
    seat_id = new_id()  # the till keeps a token for each of those who ask
    now = int(till.desk.time.now().timestamp())
    at = int(till.clock.now().timestamp()) - seconds_ago
    own = {"auth_time": at, "confirm_above": LIMITS, "sid": str(new_id())}
    till.tokens[seat_id] = till.desk.mint.user(till.buyer, iat=now, exp=now + 600, **(own | claims))
    return seat_id


def refused(answer: httpx.Response) -> bool:
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required"), answer.text
    return answer.headers["www-authenticate"].endswith('max_age="900"')


async def test_a_purchase_asks_by_the_price_and_takes_nothing_off_the_shelf(till: Till) -> None:
    product, old = await till.product(slug="phone"), seat(till)
    body = {"product_id": product, "quantity": 3}
    once = {"Idempotency-Key": "phones"}
    by_slug = "/v1/shop/products/phone/buy"
    assert refused(await till.post(BUY, old, json=body, headers=once))
    assert refused(await till.post(by_slug, old, json={"quantity": 3}))
    program = seat(till, amr=["key"], auth_time=0, scope="orders:write")
    assert refused(await till.post(BUY, program, json=body))
    assert await till.stock(product) == 10
    assert (await till.get("/v1/shop/orders")).json()["items"] == []
    assert till.payments.heard == []

    answers = await till.carried(
        till.post(BUY, seat(till, seconds_ago=900), json=body, headers=once),
        till.post(by_slug, old, json={"quantity": 2}),
    )
    assert [one.status_code for one in answers] == [201, 201]
    assert await till.stock(product) == 5
    [again] = await till.carried(till.post(BUY, old, json=body, headers=once))
    assert (again.status_code, again.json()["id"]) == (201, answers[0].json()["id"])


async def test_of_purchases_at_once_one_that_is_refused_takes_nothing_from_the_others(
    till: Till,
) -> None:
    product, old = await till.product(stock=4), seat(till)
    calls = [till.post(BUY, old, json={"product_id": product, "quantity": n}) for n in (3, 2, 2)]
    answers = await till.carried(*calls)
    assert [one.status_code for one in answers] == [403, 201, 201]
    assert await till.stock(product) == 0


async def test_an_order_is_made_unasked_and_paid_by_a_recent_login(till: Till) -> None:
    product, old = await till.product(), seat(till)
    large, small = await till.order((product, 3)), await till.order((product, 2))
    once = {"Idempotency-Key": "order"}
    assert refused(await till.pay(large, caller=old, headers=once))
    assert (await till.seen(large))["status"] == "pending"
    assert till.payments.heard == []
    answers = [
        await till.pay(small, caller=old),
        await till.pay(large, caller=seat(till, seconds_ago=900), headers=once),
        await till.pay(large, caller=old, headers=once),
        await till.pay(large, caller=old),
    ]
    assert [one.status_code for one in answers] == [202, 202, 202, 202]
    await till.settle()
    assert [(await till.seen(one))["status"] for one in (large, small)] == ["paid", "paid"]


async def test_many_orders_paid_at_once_are_each_asked_alone(till: Till) -> None:
    product, old = await till.product(), seat(till)
    orders = [await till.order((product, quantity)) for quantity in (1, 3, 2)]
    answers = await till.carried(*(till.pay(one, caller=old) for one in orders))
    assert [one.status_code for one in answers] == [202, 403, 202]


async def test_a_card_is_charged_unasked_as_its_owner_confirms_at_the_provider(
    till: Till,
) -> None:
    order = await till.order((await till.product(), 3))
    body = {"method": "card", "return_url": THANKS}
    [answer] = await till.carried(till.pay(order, caller=seat(till), json=body))
    assert answer.status_code == 202, answer.text
