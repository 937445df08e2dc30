"""The card provider: its API, its page, and webhooks that come as they are wanted."""

import asyncio
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx

from kit import signatures
from testkit.people import eventually

PAYMENTS = "/sandbox/provider/payments"
BANK = "http://wallet.test/bank"
WANTED = {
    "amount": "1150.00",
    "currency": "RUB",
    "description": "bob · <b>tickets</b>",
    "return_url": "https://shop.example/thanks?a=1&b=2",
    "charge_id": "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f",
}
SECRET = "development-webhook-secret-of-the-sandbox"


async def create(http: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await http.post(PAYMENTS, json={**WANTED, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def choose(http: httpx.AsyncClient, card: str, outcome: str, **faults: Any) -> dict[str, Any]:
    answer = await http.post(f"{PAYMENTS}/{card}/outcome", json={"outcome": outcome, **faults})
    found: dict[str, Any] = answer.json()
    return found


async def told(hook: respx.Route, count: int) -> list[dict[str, Any]]:
    async def look() -> int:
        return hook.call_count

    await eventually(look, lambda seen: seen >= count)
    await asyncio.sleep(0)
    return [json.loads(call.request.content) for call in hook.calls]


async def test_the_same_key_creates_one_payment(http: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "once"}
    answers = [await http.post(PAYMENTS, json=WANTED, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["url"].endswith(f"/sandbox/cards/{answers[0].json()['id']}")


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        ("success", "succeeded", None),
        ("decline", "failed", "card_declined"),
        ("abandon", "pending", None),
        ("delay", "processing", None),
    ],
)
async def test_an_outcome_is_what_the_button_says(
    http: httpx.AsyncClient, hook: respx.Route, outcome: str, status: str, reason: str | None
) -> None:
    card = (await create(http))["id"]
    seen = await choose(http, card, outcome, delay_seconds=600)
    assert (seen["status"], seen["reason"]) == (status, reason)
    assert seen == (await http.get(f"{PAYMENTS}/{card}")).json()
    await told(hook, {"abandon": 0, "delay": 1}.get(outcome, 2))


async def test_an_end_is_told_signed_and_stays(http: httpx.AsyncClient, hook: respx.Route) -> None:
    card = (await create(http))["id"]
    await choose(http, card, "success")
    events = await told(hook, 2)
    assert [event["type"] for event in events] == ["payment.processing", "payment.succeeded"]
    assert events[1]["payment"]["charge_id"] == WANTED["charge_id"]
    request = hook.calls.last.request
    header = request.headers["sandbox-signature"]
    signatures.verify(header, SECRET, request.content, datetime.now(UTC))
    assert (await choose(http, card, "decline"))["status"] == "succeeded"
    assert (await http.post(f"{PAYMENTS}/{card}/cancel")).json()["status"] == "succeeded"


async def test_webhooks_come_twice_out_of_order_and_late(
    http: httpx.AsyncClient, hook: respx.Route
) -> None:
    card = (await create(http))["id"]
    await choose(http, card, "success", twice=True, out_of_order=True, late_seconds=0.01)
    events = await told(hook, 6)
    assert [event["type"].partition(".")[2] for event in events] == [
        *("succeeded", "succeeded", "failed", "failed", "processing", "processing")
    ]
    assert len({event["id"] for event in events}) == 3


async def test_a_wrong_signature_is_wrong_and_sent_once(
    http: httpx.AsyncClient, hook: respx.Route
) -> None:
    hook.respond(401)
    card = (await create(http))["id"]
    await choose(http, card, "decline", wrong_signature=True)
    await told(hook, 1)
    request = hook.calls.last.request
    with pytest.raises(signatures.SignatureRefusedError):
        header = request.headers["sandbox-signature"]
        signatures.verify(header, SECRET, request.content, datetime.now(UTC))


async def test_a_webhook_that_is_not_taken_is_sent_again(
    http: httpx.AsyncClient, hook: respx.Route
) -> None:
    hook.side_effect = [httpx.ConnectError, httpx.Response(503), httpx.Response(200)]
    card = (await create(http))["id"]
    assert (await http.post(f"{PAYMENTS}/{card}/cancel")).json()["status"] == "cancelled"
    events = await told(hook, 3)
    assert len({event["id"] for event in events}) == 1


async def test_only_money_that_came_goes_back_or_is_disputed(
    http: httpx.AsyncClient, hook: respx.Route
) -> None:
    card = (await create(http))["id"]
    for way in ("refunds", "dispute"):
        refused = await http.post(f"{PAYMENTS}/{card}/{way}")
        assert (refused.status_code, refused.json()["code"]) == (409, "card_payment_not_succeeded")
    await choose(http, card, "success")
    part = {"amount": "60.00", "currency": "RUB"}
    for _ in range(2):  # the same key is one refund
        given = await http.post(
            f"{PAYMENTS}/{card}/refunds", json=part, headers={"Idempotency-Key": "k"}
        )
        assert (given.status_code, given.json()["amount"]) == (201, "60.00")
    for too_much in ({**part, "amount": "9999.00"}, {**part, "currency": "USD"}):
        refused = await http.post(f"{PAYMENTS}/{card}/refunds", json=too_much)
        assert (refused.status_code, refused.json()["code"]) == (422, "card_refund_too_large")
    rest = (await http.post(f"{PAYMENTS}/{card}/refunds")).json()
    stands = (await http.get(f"{PAYMENTS}/{card}")).json()
    assert stands["refunded_amount"] == stands["amount"]
    assert Decimal(rest["amount"]) + Decimal("60.00") == Decimal(stands["amount"])
    refused = await http.post(f"{PAYMENTS}/{card}/dispute")
    assert (refused.status_code, refused.json()["code"]) == (422, "card_dispute_too_large")
    assert [one["type"] for one in await told(hook, 4)].count("refund.created") == 2


class TestPage:
    async def test_it_runs_no_script_and_escapes_what_it_shows(
        self, http: httpx.AsyncClient
    ) -> None:
        card = (await create(http))["id"]
        page = await http.get(f"/sandbox/cards/{card}")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self' https://shop.example;" in policy
        assert "&lt;b&gt;tickets" in page.text
        assert "<b>tickets" not in page.text
        assert "1\xa0150.00 RUB" in page.text

    @pytest.mark.parametrize(
        ("address", "host"),
        [
            ("https://shop.example/a,b;c'd", "shop.example"),
            ("http://x;,.example", "x%3B%2C.example"),
        ],
    )
    async def test_any_address_that_payments_takes_leads_back_and_adds_nothing_to_its_policy(
        self, http: httpx.AsyncClient, address: str, host: str
    ) -> None:
        card = (await create(http, return_url=address))["id"]
        policy = (await http.get(f"/sandbox/cards/{card}")).headers["content-security-policy"]
        assert re.findall("form-action 'self' https?://([^;]+);", policy) == [host]
        assert policy.count(";") == 4

    async def test_it_speaks_russian(self, http: httpx.AsyncClient) -> None:
        card = (await create(http))["id"]
        page = await http.get(f"/sandbox/cards/{card}", headers={"Accept-Language": "ru"})
        assert 'lang="ru"' in page.text
        assert "Оплатить" in page.text

    async def test_a_button_does_what_it_says_and_leads_back(
        self, http: httpx.AsyncClient, hook: respx.Route
    ) -> None:
        card = (await create(http))["id"]
        form = {"outcome": "decline", "twice": "on"}
        pressed = await http.post(f"/sandbox/cards/{card}", data=form)
        assert (pressed.status_code, pressed.headers["location"]) == (303, WANTED["return_url"])
        await told(hook, 4)
        page = await http.get(f"/sandbox/cards/{card}")
        assert "The card was declined." in page.text
        assert "<button" not in page.text
        assert 'href="https://shop.example/thanks?a=1&amp;b=2"' in page.text

    async def test_while_the_bank_thinks_it_looks_again_by_itself(
        self, http: httpx.AsyncClient, hook: respx.Route
    ) -> None:
        card = (await create(http))["id"]
        await choose(http, card, "delay", delay_seconds=0.05)
        await told(hook, 1)
        await told(hook, 3)
        assert "The payment went through." in (await http.get(f"/sandbox/cards/{card}")).text

    @pytest.mark.parametrize("form", [{}, {"outcome": "steal"}, {"outcome": "delay", "late": "1"}])
    async def test_a_form_of_another_kind_is_refused(
        self, http: httpx.AsyncClient, form: dict[str, str]
    ) -> None:
        card = (await create(http))["id"]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await http.post(f"/sandbox/cards/{card}", data=form, headers=headers)
        assert answer.status_code == 422

    async def test_a_card_nobody_knows_is_missing(self, http: httpx.AsyncClient) -> None:
        answer = await http.get("/sandbox/cards/card_0")
        assert (answer.status_code, answer.json()["code"]) == (404, "card_payment_unknown")


class TestBank:
    async def test_a_credit_is_told_signed(self, http: httpx.AsyncClient) -> None:
        with respx.mock() as router:
            bank = router.post(BANK).respond(200, json={"to": "wallet"})
            body = {"wallet_number": 1001, "amount": "5.00", "transaction_id": "t-1"}
            answer = await http.post("/sandbox/bank/credits", json=body)
        assert answer.json() == {"transaction_id": "t-1", "status": 200, "answer": {"to": "wallet"}}
        request = bank.calls.last.request
        header = request.headers["bank-signature"]
        signatures.verify(header, "bank", request.content, datetime.now(UTC))
        assert json.loads(request.content) == {**body, "currency": "RUB"}

    async def test_nobody_there_is_said(self, http: httpx.AsyncClient) -> None:
        with respx.mock() as router:
            router.post(BANK).mock(side_effect=httpx.ConnectError)
            body = {"wallet_number": 1001, "amount": "5.00"}
            answer = await http.post("/sandbox/bank/credits", json=body)
        assert (answer.json()["status"], answer.json()["answer"]) == (0, None)

    async def test_exactly_one_wallet_is_named(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/sandbox/bank/credits", json={"amount": "5.00"})
        assert answer.status_code == 422
