"""Payments with each provider chosen: what is asked of it when, and what of it is believed."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import PAYMENTS, SHOP, CardProvider
from tests.integration.payments.room import Room, opened
from tests.integration.payments.test_charges import by_card, stands, transfers

from contracts.wallet import HOUSE, AccountRef
from kit import signatures
from testkit.databases import Cluster

CARD = {"method": "card", "return_url": SHOP}
STRIPE, YOOKASSA = "https://stripe.test", "https://yookassa.test/v3"
SECRET = "whsec_of_a_test"


async def test_the_intent_is_stored_before_the_provider_hears_of_it(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    found: list[tuple[str, str, int]] = []

    async def answer(_: httpx.Request) -> httpx.Response:
        payment = await room.seen(alice, payment_id)
        status, _ = await stands(room, payment_id)
        found.append((payment["status"], status, await room.count("saga")))
        return httpx.Response(201, json={"id": "card_1", "status": "pending", "url": SHOP})

    outside.post(PAYMENTS).mock(side_effect=answer)
    payment_id = await room.create(alice, bob)
    await room.pay(alice, payment_id, json=CARD)
    assert found == [("processing", "wanted", 1)]
    assert await stands(room, payment_id) == ("pending", "no")


async def test_what_a_webhook_tells_late_changes_nothing_that_was_learnt_by_asking(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    cards = CardProvider(room, outside)
    payment_id = await by_card(room, alice, bob)
    cards.status = "succeeded"
    room.clock.advance(10)
    await room.charge()
    for late in ("succeeded", "failed", "processing"):
        assert (await cards.tells(late, payment_id)).status_code == 200
    await room.settle()
    assert await room.status(alice, payment_id) == "paid"
    assert len(transfers(room)) == 1


class TestYooKassa:
    @pytest.fixture
    async def room(self, cluster: Cluster) -> AsyncIterator[Room]:
        chosen = {"provider": "yookassa", "yookassa_shop_id": "shop", "yookassa_key": "test_key"}
        async with opened(cluster, yookassa_api=YOOKASSA, **chosen) as room:
            yield room

    async def tell(self, room: Room, event: str, **told: Any) -> httpx.Response:
        body = {"type": "notification", "event": event, "object": told}
        return await room.http.post("/v1/payments/webhooks/yookassa", json=body)

    async def test_a_notification_is_believed_only_after_the_payment_was_read(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        page = {"type": "redirect", "confirmation_url": "https://yoo.test/confirm"}
        made = {"id": "y-1", "status": "pending", "confirmation": page}
        outside.post(f"{YOOKASSA}/payments").respond(json=made)
        read = outside.get(f"{YOOKASSA}/payments/y-1").respond(json=made)
        payment_id = await by_card(room, alice, bob)
        for _ in range(2):  # forged, and forged again
            told = await self.tell(room, "payment.succeeded", id="y-1", status="succeeded")
            assert told.status_code == 200
            await room.charge()
        assert read.call_count == 2
        assert await room.status(alice, payment_id) == "processing"
        assert await room.count("provider_event") == 0
        read.respond(json={"id": "y-1", "status": "succeeded"})
        await self.tell(room, "payment.succeeded", id="y-1", status="succeeded")
        await room.charge()
        assert await room.status(alice, payment_id) == "paid"
        [settled] = transfers(room)
        assert settled.payer == AccountRef(owner_id=HOUSE, provider="yookassa")

    @pytest.mark.parametrize(
        ("body", "refusal"),
        [(b"not JSON", (400, "body_unreadable")), (b"{}", (422, "validation_failed"))],
    )
    async def test_what_is_no_notification_is_refused_and_not_stored(
        self, room: Room, body: bytes, refusal: tuple[int, str]
    ) -> None:
        answer = await room.http.post("/v1/payments/webhooks/yookassa", content=body)
        assert (answer.status_code, answer.json()["code"]) == refusal
        assert await room.count("provider_event") == 0


class TestStripe:
    @pytest.fixture
    async def room(self, cluster: Cluster) -> AsyncIterator[Room]:
        chosen = {"stripe_key": "sk_test_1", "stripe_webhook_secret": SECRET}
        async with opened(cluster, provider="stripe", stripe_api=STRIPE, **chosen) as room:
            yield room

    async def tell(self, room: Room, event: str, kind: str, told: dict[str, Any]) -> int:
        body = json.dumps({"id": event, "type": kind, "data": {"object": told}}).encode()
        headers = {"Stripe-Signature": signatures.sign(SECRET, body, room.clock.now())}
        answer = await room.http.post("/v1/payments/webhooks/stripe", content=body, headers=headers)
        await room.hear()
        return answer.status_code

    async def test_a_signed_session_pays_once_and_a_dispute_of_its_intent_takes_it_back(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        made = {"id": "cs_1", "status": "open", "url": "https://stripe.test/c/1"}
        outside.post(f"{STRIPE}/v1/checkout/sessions").respond(json=made)
        payment_id = await by_card(room, alice, bob)
        paid = {
            **made,
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": "pi_1",
            "client_reference_id": str(payment_id),
        }
        for _ in range(2):
            assert await self.tell(room, "evt_1", "checkout.session.completed", paid) == 200
        expired = {**made, "status": "expired"}
        assert await self.tell(room, "evt_0", "checkout.session.expired", expired) == 200
        assert await self.tell(room, "evt_9", "customer.created", {"id": "cus_1"}) == 200
        await room.settle()
        assert await room.status(alice, payment_id) == "paid"
        assert await room.count("provider_event") == 2
        dispute = {
            "id": "dp_1",
            "payment_intent": "pi_1",
            "amount": 300,
            "currency": "rub",
            "status": "needs_response",
        }
        assert await self.tell(room, "evt_2", "charge.dispute.created", dispute) == 200
        await room.settle()
        assert len(transfers(room)) == 1
        assert await self.tell(room, "evt_3", "charge.dispute.funds_withdrawn", dispute) == 200
        await room.settle()
        assert [moved.kind for moved in transfers(room)] == ["payment", "chargeback"]
        assert transfers(room)[-1].amount_minor == 300
        assert {moved.payer.provider or moved.payee.provider for moved in transfers(room)} == {
            "stripe"
        }

    async def test_the_signature_is_of_the_raw_body(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        made = {"id": "cs_1", "status": "open", "url": "https://stripe.test/c/1"}
        outside.post(f"{STRIPE}/v1/checkout/sessions").respond(json=made)
        payment_id = await by_card(room, alice, bob)
        told = {**made, "payment_status": "paid", "client_reference_id": str(payment_id)}
        event = {"id": "evt_1", "type": "checkout.session.completed", "data": {"object": told}}
        signed = json.dumps(event).encode()
        headers = {"Stripe-Signature": signatures.sign(SECRET, signed, room.clock.now())}
        same_in_other_bytes = json.dumps(event, indent=1).encode()
        refused = await room.http.post(
            "/v1/payments/webhooks/stripe", content=same_in_other_bytes, headers=headers
        )
        assert (refused.status_code, refused.json()["code"]) == (401, "webhook_refused")
        assert await room.count("provider_event") == 0
        assert await room.status(alice, payment_id) == "processing"
