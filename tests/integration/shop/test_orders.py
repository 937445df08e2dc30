"""Orders are made, paid from the wallet, cancelled and expire; stock follows."""

from typing import Any
from uuid import UUID

import pytest
from tests.integration.shop.room import code
from tests.integration.shop.till import ORDERS, Till

from contracts.payments import TakePayment
from contracts.wallet import SHOP
from kit.ids import new_id
from kit.saga import Action


async def test_an_order_reserves_what_it_holds_at_the_prices_of_the_moment(till: Till) -> None:
    phone, case = await till.product(), await till.product("Case", "9.90")
    made = await till.asked((phone, 2), (case, 3))
    order = made.json()
    assert (made.status_code, order["status"], order["total"]) == (201, "pending", "229.70")
    assert made.headers["location"] == f"{ORDERS}/{order['id']}"
    assert [(one["name"], one["price"], one["amount"]) for one in order["items"]] == [
        ("Phone", "100.00", "200.00"),
        ("Case", "9.90", "29.70"),
    ]
    assert (await till.stock(phone), await till.stock(case)) == (8, 7)
    assert await till.seen(order["id"]) == order


async def test_the_wallet_pays_an_order_and_the_shop_has_the_money(till: Till) -> None:
    order_id = await till.order((await till.product(), 2))
    paid = await till.paid(order_id)
    assert (paid["status"], paid["payment"]["status"], paid["reason"]) == ("paid", "paid", None)
    assert paid["paid_at"] is not None
    [taking] = [envelope.message for envelope in till.payments.heard]
    assert isinstance(taking, TakePayment)
    assert (taking.payer_id, taking.payee_id, taking.amount_minor) == (till.buyer, SHOP, 20000)
    assert (taking.reference, taking.description) == (order_id, "Phone × 2")


async def test_who_prefers_to_wait_is_told_the_end(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    [answer] = await till.carried(till.pay(order_id, headers={"Prefer": "wait=10"}))
    assert (answer.status_code, answer.json()["status"]) == (200, "paid")
    assert answer.headers["preference-applied"] == "wait=10"


async def test_who_has_waited_long_enough_is_told_how_far_it_is(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    answer = await till.pay(order_id, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "paying")


async def test_a_refused_payment_leaves_the_order_to_be_paid_again(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    till.payments.refuses = lambda _: "insufficient_funds"
    refused = await till.paid(order_id)
    assert (refused["status"], refused["reason"]) == ("pending", "insufficient_funds")
    assert refused["payment"]["status"] == "not_paid"
    assert await till.stock(product) == 9
    till.payments.refuses = lambda _: None
    paid = await till.paid(order_id)
    assert (paid["status"], paid["reason"]) == ("paid", None)


async def test_paying_again_while_it_is_being_paid_changes_nothing(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    first, second = (await till.pay(order_id)).json(), (await till.pay(order_id)).json()
    assert first["status"] == "paying"
    assert second == first
    await till.settle()
    assert till.payments.kinds == ["TakePayment"]


async def test_cancelling_gives_the_stock_back_once(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 4))
    cancelled = await till.cancel(order_id)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["reason"] == "cancelled_by_buyer"
    assert await till.stock(product) == 10
    again = await till.cancel(order_id)
    assert (again.status_code, code(again)) == (409, "order_not_pending")
    assert await till.stock(product) == 10


@pytest.mark.check(49)
async def test_only_what_waits_to_be_paid_is_cancelled_or_paid(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    await till.pay(order_id)
    assert code(await till.cancel(order_id)) == "order_not_pending"
    await till.settle()
    assert code(await till.cancel(order_id)) == "order_not_pending"
    assert code(await till.pay(order_id)) == "order_not_pending"


async def test_an_order_that_nobody_pays_in_time_is_cancelled(till: Till) -> None:
    product = await till.product()
    order_id, other = await till.order((product, 3)), await till.order((product, 1))
    await till.paid(other)
    till.clock.advance(1800)
    assert code(await till.pay(order_id)) == "order_expired"
    assert await till.expire(0) == 1
    expired = await till.seen(order_id)
    assert (expired["status"], expired["reason"]) == ("cancelled", "expired")
    assert await till.stock(product) == 9
    assert await till.expire() == 0


async def test_an_order_under_payment_expires_only_once_that_is_refused(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    till.payments.refuses = lambda _: "wallet_frozen"
    await till.pay(order_id)
    assert await till.expire() == 0
    await till.settle()
    assert await till.expire(0) == 1
    assert (await till.seen(order_id))["reason"] == "expired"
    assert await till.stock(product) == 10


async def test_payments_that_do_not_answer_are_asked_again_then_given_up(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    till.payments.is_silent = True
    await till.pay(order_id)
    await till.settle()
    await till.wake(6)
    assert till.payments.kinds == ["TakePayment", "TakePayment"]
    await till.wake(120)
    assert till.payments.kinds[2:] == ["ReturnPayment"]
    till.payments.is_silent = False
    await till.wake(11)
    given_up = await till.seen(order_id)
    assert (given_up["status"], given_up["reason"]) == ("pending", "payments_unavailable")


async def test_an_operator_who_knows_that_it_was_charged_lets_the_order_be_paid(
    till: Till,
) -> None:
    order_id = await till.order((await till.product(), 1))
    till.payments.is_silent = True
    payment_id = UUID((await till.pay(order_id)).json()["payment"]["id"])
    async with till.database.unit_of_work() as uow:
        engine = till.service.state.wiring.engine
        assert await engine.operate(uow, payment_id, Action.SKIP, actor="ann")
    assert (await till.seen(order_id))["status"] == "paid"


async def test_what_others_ordered_does_not_exist_but_for_admins(till: Till) -> None:
    order_id, stranger = await till.order((await till.product(), 1)), new_id()
    for call in (
        till.get(f"{ORDERS}/{order_id}", stranger),
        till.pay(order_id, caller=stranger),
        till.cancel(order_id, caller=stranger),
        till.pay(order_id, caller=till.admin),
        till.get(f"{ORDERS}/{new_id()}"),
    ):
        answer = await call
        assert (answer.status_code, code(answer)) == (404, "order_not_found")
    assert (await till.seen(order_id, till.admin))["owner_id"] == str(till.buyer)


async def test_ones_orders_are_listed_newest_first_page_by_page(till: Till) -> None:
    product = await till.product()
    made = []
    for _ in range(5):
        till.clock.advance(1)
        made.append(await till.order((product, 1)))
    await till.order((product, 1), caller=new_id())
    first = (await till.get(ORDERS, limit=3)).json()
    rest = (await till.get(ORDERS, limit=3, cursor=first["next_cursor"])).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == made[::-1]
    assert rest["next_cursor"] is None


async def test_a_request_with_its_key_orders_once(till: Till) -> None:
    product, key = await till.product(), {"Idempotency-Key": "basket-1"}
    one = await till.asked((product, 2), headers=key)
    two = await till.asked((product, 2), headers=key)
    assert one.json() == two.json()
    assert two.headers["idempotency-replayed"] == "true"
    assert await till.stock(product) == 8
    other = await till.asked((product, 3), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_whose_payment_was_refused_pays_anew(till: Till) -> None:
    order_id, key = await till.order((await till.product(), 1)), {"Idempotency-Key": "pay-1"}
    till.payments.refuses = lambda _: "insufficient_funds"
    first = await till.pay(order_id, headers=key)
    repeated = await till.pay(order_id, headers=key)
    assert first.json() == repeated.json()
    await till.settle()
    till.payments.refuses = lambda _: None
    [again] = await till.carried(till.pay(order_id, headers={**key, "Prefer": "wait=10"}))
    assert again.json()["status"] == "paid"
    assert again.json()["payment"]["id"] != first.json()["payment"]["id"]


@pytest.mark.parametrize(
    ("quantity", "refusal", "status"),
    [
        (0, "too_small", 422),
        (-1, "too_small", 422),
        (1_000_001, "too_large", 422),
        (1.5, "wrong_type", 422),
        ("2", "wrong_type", 422),
        (True, "wrong_type", 422),
        (None, "wrong_type", 422),
        (11, "out_of_stock", 409),
    ],
)
async def test_odd_quantities_are_refused_and_reserve_nothing(
    till: Till, quantity: Any, refusal: str, status: int
) -> None:
    product = await till.product()
    answer = await till.asked((product, quantity))
    assert (answer.status_code, code(answer)) == (status, refusal)
    assert answer.json()["errors"][0]["pointer"] == "/items/0/quantity"
    assert await till.stock(product) == 10
    assert (await till.get(ORDERS)).json()["items"] == []


async def test_all_lines_that_lack_stock_are_named_with_what_is_left(till: Till) -> None:
    lots, few, none = [
        await till.product(name, stock=stock) for name, stock in (("A", 99), ("B", 2), ("C", 0))
    ]
    answer = await till.asked((lots, 5), (few, 3), (none, 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "out_of_stock")
    assert [(one["pointer"], one["detail"]) for one in answer.json()["errors"]] == [
        ("/items/1/quantity", "“B”: 2 left."),
        ("/items/2/quantity", "“C”: 0 left."),
    ]
    assert await till.stock(lots) == 99


async def test_what_is_not_sold_is_refused_by_its_line(till: Till) -> None:
    product, hidden = await till.product(), await till.product("Old", is_active=False)
    closed = (
        await till.post("/v1/shop/categories", till.admin, json={"name": "X", "is_active": False})
    ).json()
    within = await till.product("Within", category_id=closed["id"])
    answer = await till.asked((product, 1), (hidden, 1), (str(new_id()), 1), (within, 1))
    assert (answer.status_code, answer.json()["code"]) == (422, "product_not_available")
    pointers = [one["pointer"] for one in answer.json()["errors"]]
    assert pointers == [f"/items/{place}/product_id" for place in (1, 2, 3)]
    assert await till.stock(product) == 10


async def test_an_order_has_one_currency_and_a_total_that_can_be_paid(till: Till) -> None:
    rouble, euro = await till.product(), await till.product("Import", currency="EUR")
    mixed = await till.asked((rouble, 1), (euro, 1))
    assert (mixed.status_code, code(mixed)) == (422, "currencies_mixed")
    palace = await till.product("Palace", "9999999999999.99")
    dear = await till.asked((palace, 2))
    assert (dear.status_code, code(dear)) == (422, "order_too_large")
    assert [await till.stock(one) for one in (rouble, euro, palace)] == [10, 10, 10]


async def test_an_order_has_one_to_a_hundred_lines_of_different_products(till: Till) -> None:
    product = await till.product()
    assert code(await till.asked()) == "too_short"
    many = await till.asked(*[(str(new_id()), 1) for _ in range(500)])
    assert (many.status_code, code(many)) == (422, "too_long")
    twice = await till.asked((product, 1), (product.upper(), 1))
    [fault] = twice.json()["errors"]
    assert (twice.status_code, fault["code"]) == (422, "repeated")
    assert fault["pointer"] == "/items/1/product_id"
    assert await till.stock(product) == 10


async def test_later_edits_and_deletions_leave_orders_as_they_are(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    path = f"/v1/shop/products/{product}"
    await till.ask("PATCH", path, till.admin, json={"name": "New", "price": "1.00"})
    assert (await till.seen(order_id))["items"][0]["name"] == "Phone"
    assert (await till.ask("DELETE", path, till.admin)).status_code == 204
    paid = await till.paid(order_id)
    assert (paid["status"], paid["total"]) == ("paid", "100.00")


async def test_an_order_of_a_deleted_product_can_be_cancelled(till: Till) -> None:
    product, kept = await till.product(), await till.product("Case")
    order_id = await till.order((product, 1), (kept, 1))
    await till.ask("DELETE", f"/v1/shop/products/{product}", till.admin)
    assert (await till.cancel(order_id)).status_code == 200
    assert await till.stock(kept) == 10


async def test_what_comes_back_to_a_full_shelf_is_no_reason_to_keep_an_order(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 5))
    most = 1_000_000_000
    await till.ask("PATCH", f"/v1/shop/products/{product}", till.admin, json={"stock": most})
    assert (await till.cancel(order_id)).status_code == 200
    assert await till.stock(product) == most


async def test_nobody_hoards_stock_in_many_open_orders(till: Till) -> None:
    product = await till.product(stock=1000)
    for _ in range(100):
        await till.order((product, 1))
    answer = await till.asked((product, 1))
    assert (answer.status_code, code(answer)) == (409, "too_many_open_orders")
    await till.order((product, 1), caller=UUID(int=7))
