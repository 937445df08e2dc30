"""Paying and topping up by card, and a bank's credits, through the gateway on the real stack."""

import re
from typing import Any

import httpx

from testkit.people import Person, eventually

SHOP = "https://shop.example/thanks"
CARD = {"method": "card", "return_url": SHOP}


async def begin(payer: Person, payee: Person, amount: str = "150.00") -> tuple[str, str]:
    """Create a payment and pay it by card; returns its id and the address of the card page."""
    created = await payer.create(payee, amount, description="For the concert tickets")
    answer = await payer.post(f"/v1/payments/{created['id']}/pay", CARD)
    assert answer.status_code == 202, answer.text
    action = answer.json()["next_action"]
    assert action["type"] == "redirect"
    return created["id"], action["url"]


async def press(http: httpx.AsyncClient, url: str, outcome: str, *boxes: str) -> httpx.Response:
    """Press a button of the card page."""
    form = {"outcome": outcome, **dict.fromkeys(boxes, "on")}
    return await http.post(url, data=form)


async def test_the_card_page_shows_the_payment_and_its_button_pays_it(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob, "1150.00")
    page = await http.get(url, headers={"Accept-Language": "ru"})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "script" not in page.headers["content-security-policy"]
    assert re.search(r"Оплата картой.*1\xa0150\.00 RUB", page.text, re.DOTALL)
    assert bob.username in page.text
    pressed = await press(http, url, "success")
    assert (pressed.status_code, pressed.headers["location"]) == (303, SHOP)
    assert (await alice.settled(payment_id))["status"] == "paid"
    assert str(await bob.balance()) == "1150.00"
    assert str(await alice.balance()) == "0.00"
    assert "прошёл" in (await http.get(url, headers={"Accept-Language": "ru"})).text


async def test_a_bank_that_takes_a_while_pays_in_the_end(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    pressed = await press(http, url, "delay")
    assert pressed.headers["location"] in url
    assert 'http-equiv="refresh"' in (await http.get(url)).text
    assert (await alice.payment(payment_id))["status"] == "processing"
    assert (await alice.settled(payment_id))["status"] == "paid"


async def test_a_declined_card_fails_the_payment(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    await press(http, url, "decline")
    ended = await alice.settled(payment_id)
    assert (ended["status"], ended["failure_reason"]) == ("failed", "card_declined")
    assert str(await bob.balance()) == "0.00"


async def test_webhooks_that_come_twice_and_out_of_order_pay_once(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    await press(http, url, "success", "twice", "out_of_order")
    assert (await alice.settled(payment_id))["status"] == "paid"
    assert str(await bob.balance()) == "150.00"


async def test_webhooks_with_a_wrong_signature_are_not_believed_the_provider_is_asked(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    await press(http, url, "success", "wrong_signature")
    assert (await alice.settled(payment_id, within=20))["status"] == "paid"


async def test_a_payment_called_off_on_the_card_page_gives_back_what_comes_after_all(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    await press(http, url, "abandon")
    assert (await alice.cancel(payment_id)).json()["status"] == "cancelled"
    card = url.rpartition("/")[2]

    async def look() -> dict[str, Any]:
        seen: dict[str, Any] = (await http.get(f"/sandbox/provider/payments/{card}")).json()
        return seen

    await eventually(look, lambda seen: seen["status"] == "cancelled")
    assert (await press(http, url, "success")).status_code == 303
    assert (await look())["status"] == "cancelled"
    assert str(await bob.balance()) == "0.00"


async def test_one_call_creates_a_payment_and_sends_to_the_card_page(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    body = {"payee": {"username": bob.username}, "amount": "150.00", "confirm": True, **CARD}
    answer = await alice.post("/v1/payments", body)
    assert answer.status_code == 202, answer.text
    await press(http, answer.json()["next_action"]["url"], "success")
    assert (await alice.settled(answer.json()["id"]))["status"] == "paid"


async def test_a_refund_of_a_part_and_then_of_the_rest_goes_back_to_the_card(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    await press(http, url, "success")
    await alice.settled(payment_id)
    path, wait = f"/v1/payments/{payment_id}/refunds", {"Prefer": "wait=10"}
    card = f"/sandbox/provider/payments/{url.rpartition('/')[2]}"
    part = await bob.post(path, {"amount": "60.00"}, wait)
    assert (part.status_code, part.json()["status"]) == (201, "completed"), part.text
    assert (await http.get(card)).json()["refunded_amount"] == "60.00"
    assert (str(await bob.balance()), str(await alice.balance())) == ("90.00", "0.00")
    too_much = await bob.post(path, {"amount": "90.01"}, wait)
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_exceeds_payment")
    assert (await bob.post(path, {}, wait)).status_code == 201
    assert (await http.get(card)).json()["refunded_amount"] == "150.00"
    assert (await alice.payment(payment_id))["status"] == "refunded"
    assert (str(await bob.balance()), str(await alice.balance())) == ("0.00", "0.00")


async def test_a_payee_who_has_spent_the_money_of_a_card_is_refused(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    await press(http, url, "success")
    await alice.settled(payment_id)
    back = await bob.create(alice, "100.00")
    await bob.post(f"/v1/payments/{back['id']}/pay")
    await bob.settled(back["id"])
    refused = await bob.post(f"/v1/payments/{payment_id}/refunds", {"amount": "50.01"})
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_not_covered")


async def test_a_dispute_takes_the_money_from_the_payee(
    http: httpx.AsyncClient, alice: Person, bob: Person
) -> None:
    payment_id, url = await begin(alice, bob)
    await press(http, url, "success")
    await alice.settled(payment_id)
    card = url.rpartition("/")[2]
    assert (await http.post(f"/sandbox/provider/payments/{card}/dispute")).status_code == 200
    await eventually(bob.balance, lambda balance: str(balance) == "0.00")


async def test_a_wallet_is_topped_up_by_card(http: httpx.AsyncClient, alice: Person) -> None:
    body = {"amount": "300.00", "currency": "RUB", **CARD}
    answer = await alice.post("/v1/wallets/top-up", body)
    assert answer.status_code == 202, answer.text
    await press(http, answer.json()["next_action"]["url"], "success")
    await eventually(alice.balance, lambda balance: str(balance) == "300.00")
    wallet = await alice.wallet()
    entries = (await alice.get(f"/v1/wallets/{wallet['id']}/entries")).json()["items"]
    assert [entry["kind"] for entry in entries] == ["top_up"]


async def test_a_bank_credits_a_wallet_by_its_number(
    http: httpx.AsyncClient, alice: Person
) -> None:
    number = (await alice.wallet())["number"]
    body = {"wallet_number": number, "amount": "99.50", "transaction_id": f"t-{alice.username}"}
    for _ in range(2):
        sent = (await http.post("/sandbox/bank/credits", json=body)).json()
        assert (sent["status"], sent["answer"]["to"]) == (200, "wallet")
    assert str(await alice.balance()) == "99.50"
    forged = await http.post("/sandbox/bank/credits", json={**body, "wrong_signature": True})
    assert forged.json()["status"] == 401


async def test_the_banks_webhook_has_the_name_that_the_specification_gives_it(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post("/payment/webhook", json={"transaction_id": "t-1"})
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_refused")
