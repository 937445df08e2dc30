"""What the provider can't charge is refused before anything is stored, wherever cards are asked."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import respx
from tests.integration.payments.cards import SHOP
from tests.integration.payments.room import Room, opened

from kit.ids import new_id
from testkit.databases import Cluster

CARD = {"method": "card", "return_url": SHOP}
STRIPE, YOOKASSA = "https://stripe.test", "https://yookassa.test/v3"
KEYS = {"stripe_key": "sk_test_1", "stripe_webhook_secret": "whsec_of_a_test"}


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, provider="stripe", stripe_api=STRIPE, **KEYS) as room:
        yield room


@pytest.fixture
def page(outside: respx.MockRouter) -> respx.Route:
    made = {"id": "cs_1", "status": "open", "url": "https://stripe.test/c/1"}
    return outside.post(f"{STRIPE}/v1/checkout/sessions").respond(json=made)


def asked(payee: UUID, amount: str, currency: str, **more: Any) -> dict[str, Any]:
    return {
        "payee": {"user_id": str(payee)},
        "amount": amount,
        "currency": currency,
        **more,
    }


REFUSED = [
    ("150.50", "MGA", "card_amount_not_accepted"),
    ("5.124", "KWD", "card_amount_not_accepted"),
    ("1.00", "IRR", "card_currency_not_accepted"),
    ("0.10", "USD", "card_amount_too_small"),
    ("5000000.00", "USD", "card_amount_too_large"),
]


@pytest.mark.parametrize(("amount", "currency", "code"), REFUSED)
async def test_every_way_to_a_card_refuses_it_and_stores_nothing(  # noqa: PLR0913
    room: Room, page: respx.Route, alice: UUID, bob: UUID, *, amount: str, currency: str, code: str
) -> None:
    wanted = asked(bob, amount, currency, confirm=True, **CARD)
    created = await room.post(alice, "/v1/payments", json=wanted)
    assert (created.status_code, created.json()["code"]) == (422, code)
    assert await room.count("payment") == 0
    quoted = (await room.post(alice, "/v1/payments/quote", json=wanted)).json()
    assert (quoted["would"], quoted["code"]) == ("refuse", code)
    payment_id = await room.create(alice, bob, amount, currency=currency)
    in_russian = {"Accept-Language": "ru"}
    paid = await room.pay(alice, payment_id, json=CARD, headers=in_russian)
    assert (paid.status_code, paid.json()["code"]) == (422, code)
    assert paid.json()["detail"] != created.json()["detail"]
    assert await room.status(alice, payment_id) == "created"
    now = int(room.desk.time.now().timestamp())
    token = room.desk.mint.service("wallet", iat=now, exp=now + 300)
    top_up = {
        "charge_id": str(new_id()),
        "owner_id": str(alice),
        "wallet_id": str(new_id()),
        "amount": amount,
        "currency": currency,
        "return_url": SHOP,
    }
    headers = {"Authorization": f"Bearer {token}"}
    refused = await room.http.post("/internal/charges", json=top_up, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert (await room.count("charge"), page.call_count) == (0, 0)


async def test_a_refused_key_works_once_the_amount_fits(
    room: Room, page: respx.Route, alice: UUID, bob: UUID
) -> None:
    headers = {"Idempotency-Key": "one"}
    wanted = asked(bob, "150.50", "MGA", confirm=True, **CARD)
    refused = await room.post(alice, "/v1/payments", json=wanted, headers=headers)
    assert refused.status_code == 422
    made = await room.post(alice, "/v1/payments", json={**wanted, "amount": "150.00"})
    assert made.status_code == 202
    assert b"unit_amount%5D=150&" in page.calls.last.request.content


async def test_yookassa_charges_what_its_shop_is_paid_in(
    cluster: Cluster, outside: respx.MockRouter
) -> None:
    keys = {"yookassa_shop_id": "shop", "yookassa_key": "test_key"}
    async with opened(cluster, provider="yookassa", yookassa_api=YOOKASSA, **keys) as room:
        alice, bob = await room.arrives("alice"), await room.arrives("bob")
        for amount, currency, code in [
            ("10.00", "USD", "card_currency_not_accepted"),
            ("0.99", "RUB", "card_amount_too_small"),
        ]:
            wanted = asked(bob, amount, currency, confirm=True, **CARD)
            refused = await room.post(alice, "/v1/payments", json=wanted)
            assert (refused.status_code, refused.json()["code"]) == (422, code)
        assert not outside.calls


async def test_a_part_that_stripe_can_not_give_back_is_refused_when_it_is_asked_for(
    room: Room, page: respx.Route, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    wanted = asked(bob, "150.00", "MGA", confirm=True, **CARD)
    made = (await room.post(alice, "/v1/payments", json=wanted)).json()
    paid = {"id": "cs_1", "status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}
    outside.get(f"{STRIPE}/v1/checkout/sessions/cs_1").respond(json=paid)
    room.clock.advance(10)
    await room.charge()
    refunds = f"/v1/payments/{made['id']}/refunds"
    refused = await room.post(bob, refunds, json={"amount": "50.50"})
    assert (refused.status_code, refused.json()["code"]) == (422, "card_amount_not_accepted")
    assert (await room.seen(alice, UUID(made["id"])))["refunded_amount"] == "0.00"
    back = outside.post(f"{STRIPE}/v1/refunds").respond(json={"id": "re_1", "status": "succeeded"})
    [answer] = await room.carried(room.post(bob, refunds, json={"amount": "50.00"}))
    assert answer.status_code == 202
    await room.charge()
    assert b"amount=50&" in back.calls.last.request.content
    assert page.call_count == 1
