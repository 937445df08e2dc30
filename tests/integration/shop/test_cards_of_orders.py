"""Orders are paid by card: a page opens, and its news find the order as it then is."""

from uuid import UUID

from tests.integration.shop.room import code
from tests.integration.shop.till import PAGE, THANKS, Till

from contracts.payments import TakePayment
from kit.saga import Action
from shop.repository import Orders


async def test_a_card_has_its_page_and_leaves_the_order_pending(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    answer = await till.pay_by_card(order_id)
    order = answer.json()
    assert (answer.status_code, order["status"]) == (202, "pending")
    assert order["payment"]["next_action"] == {"type": "redirect", "url": PAGE}
    assert (order["payment"]["method"], order["payment"]["status"]) == ("card", "processing")
    [taking] = [envelope.message for envelope in till.payments.heard]
    assert isinstance(taking, TakePayment)
    assert (taking.method, taking.return_url) == ("card", THANKS)


async def test_the_news_of_the_card_pay_the_order_however_often_they_come(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    payment = (await till.pay_by_card(order_id)).json()["payment"]
    for _ in range(10):
        await till.card(payment["id"])
    await till.settle()
    paid = await till.seen(order_id)
    assert (paid["status"], paid["payment"]["status"]) == ("paid", "paid")
    assert paid["payment"]["next_action"] is None
    assert till.payments.kinds == ["TakePayment"]


async def test_a_page_that_is_still_open_is_given_again(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    first = (await till.pay_by_card(order_id)).json()
    second = await till.pay_by_card(order_id)
    assert (second.status_code, second.json()) == (202, first)
    assert till.payments.kinds == ["TakePayment"]


async def test_a_repeated_request_is_given_the_page_that_opened_meanwhile(till: Till) -> None:
    order_id, key = await till.order((await till.product(), 1)), {"Idempotency-Key": "card-1"}
    first = await till.pay_by_card(order_id, headers=key)
    again = await till.pay_by_card(order_id, headers=key)
    assert again.json() == first.json()
    assert till.payments.kinds == ["TakePayment"]


async def test_a_declined_card_leaves_the_order_to_be_paid_again(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    declined = (await till.pay_by_card(order_id)).json()["payment"]["id"]
    await till.card(declined, "card_declined")
    await till.settle()
    order = await till.seen(order_id)
    assert (order["status"], order["reason"]) == ("pending", "card_declined")
    assert (order["payment"]["status"], order["payment"]["next_action"]) == ("not_paid", None)
    anew = (await till.pay_by_card(order_id)).json()["payment"]
    assert anew["id"] != declined
    await till.card(anew["id"])
    await till.settle()
    assert (await till.seen(order_id))["status"] == "paid"


async def test_a_card_that_gets_no_page_is_told_why(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    till.payments.refuses = lambda _: "card_amount_too_small"
    answer = await till.pay_by_card(order_id)
    order = answer.json()
    assert (answer.status_code, order["status"]) == (200, "pending")
    assert order["reason"] == order["payment"]["reason"] == "card_amount_too_small"


async def test_news_that_overtake_the_page_wait_for_it(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    till.payments.is_silent = True
    body = {"method": "card", "return_url": THANKS}
    with till.no_place_left():
        begun = (await till.pay(order_id, json=body)).json()
    await till.settle()
    till.payments.is_silent = False
    await till.card(begun["payment"]["id"])
    await till.settle()
    assert (await till.seen(order_id))["status"] == "pending"
    await till.wake(6)
    assert (await till.seen(order_id))["status"] == "paid"


async def test_the_wallet_takes_the_place_of_an_open_page(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    by_card = (await till.pay_by_card(order_id)).json()["payment"]["id"]
    paid = await till.paid(order_id)
    assert (paid["status"], paid["payment"]["method"]) == ("paid", "wallet")
    returned = [one.subject for one in till.payments.heard if type(one.message) is not TakePayment]
    assert returned == [by_card]


async def test_a_card_that_is_charged_after_the_cancel_pays_nothing(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 1))
    payment_id = (await till.pay_by_card(order_id)).json()["payment"]["id"]
    assert (await till.cancel(order_id)).json()["status"] == "cancelled"
    await till.card(payment_id)
    await till.settle()
    order = await till.seen(order_id)
    assert (order["status"], order["reason"]) == ("cancelled", "cancelled_by_buyer")
    assert order["payment"]["status"] == "not_paid"
    assert till.payments.kinds == ["TakePayment", "ReturnPayment"]
    assert await till.stock(product) == 10


async def test_a_charge_that_finds_its_order_gone_is_returned(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    payment_id = (await till.pay_by_card(order_id)).json()["payment"]["id"]
    async with till.database.unit_of_work() as uow:  # as no request does: the page stays open
        await Orders(uow).cancel([UUID(order_id)], "by_hand", till.clock.now())
    await till.card(payment_id)
    await till.settle()
    order = await till.seen(order_id)
    assert (order["status"], order["reason"]) == ("cancelled", "by_hand")
    assert (order["payment"]["status"], order["payment"]["reason"]) == (
        "returned",
        "order_not_payable",
    )
    assert till.payments.kinds == ["TakePayment", "ReturnPayment"]


async def test_an_order_whose_time_is_over_calls_its_page_off(till: Till) -> None:
    product = await till.product()
    order_id = await till.order((product, 2))
    await till.pay_by_card(order_id)
    assert await till.expire() == 1
    await till.settle()
    order = await till.seen(order_id)
    assert (order["status"], order["reason"]) == ("cancelled", "expired")
    assert (order["payment"]["status"], order["payment"]["reason"]) == ("not_paid", "expired")
    assert till.payments.kinds == ["TakePayment", "ReturnPayment"]
    assert await till.stock(product) == 10


async def test_a_card_needs_a_way_back_and_only_a_card_has_a_receipt(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    answer = await till.pay(order_id, json={"method": "card"})
    assert (answer.status_code, code(answer)) == (422, "required")
    contact = {"receipt_contact": {"email": "a@example.com"}}
    assert code(await till.pay(order_id, json=contact)) == "card_only"
    nobody = {"method": "card", "return_url": THANKS, "receipt_contact": {}}
    assert code(await till.pay(order_id, json=nobody)) == "required"
    whole = {**contact, "method": "card", "return_url": THANKS}
    [answer] = await till.carried(till.pay(order_id, json=whole))
    [taking] = [envelope.message for envelope in till.payments.heard]
    assert isinstance(taking, TakePayment)
    assert taking.receipt_email == "a@example.com"


async def test_an_operator_may_skip_a_page_whose_address_nobody_knows(till: Till) -> None:
    order_id = await till.order((await till.product(), 1))
    till.payments.is_silent = True
    with till.no_place_left():
        begun = await till.pay(order_id, json={"method": "card", "return_url": THANKS})
    payment_id = begun.json()["payment"]["id"]
    async with till.database.unit_of_work() as uow:
        engine = till.service.state.wiring.engine
        assert await engine.operate(uow, UUID(payment_id), Action.SKIP, actor="ann")
    await till.settle()
    assert (await till.seen(order_id))["payment"]["next_action"] is None
    await till.card(payment_id)
    await till.settle()
    assert (await till.seen(order_id))["status"] == "paid"
