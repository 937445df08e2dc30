"""Refunds made at a provider's own page: booked once, beside ours, and taken back if they fail."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import CardProvider
from tests.integration.payments.room import Room, opened
from tests.integration.payments.test_card_refunds import begun, paid, seen
from tests.integration.payments.test_charges import by_card, transfers
from tests.integration.payments.test_disputes import moved
from tests.integration.payments.test_refunding import ask

from contracts.payments import PaymentRefunded, PaymentRefundFailed
from kit import signatures
from testkit.databases import Cluster

STRIPE, YOOKASSA = "https://stripe.test", "https://yookassa.test/v3"
SECRET = "whsec_of_a_test"


async def refunds_of(room: Room, payee: UUID, payment_id: UUID) -> list[dict[str, Any]]:
    listed = await room.get(payee, f"/v1/payments/{payment_id}/refunds")
    found: list[dict[str, Any]] = listed.json()["items"]
    return found


class TestSandbox:
    @pytest.fixture
    def cards(self, room: Room, outside: respx.MockRouter) -> CardProvider:
        return CardProvider(room, outside)

    async def test_one_is_booked_as_a_refund_of_the_payment_once(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        for status in ("pending", "succeeded", "succeeded", "pending"):
            await cards.refunds(status, "30.00", payment_id)
        await room.settle()
        assert moved(room) == [("refund", "payee", 3_000)]
        assert transfers(room)[-1].description == "Refund by the card provider"
        payment = await room.seen(bob, payment_id)
        assert (payment["status"], payment["refunded_amount"]) == ("paid", "30.00")
        [made] = await refunds_of(room, bob, payment_id)
        assert (made["origin"], made["status"], made["amount"]) == (
            "provider",
            "completed",
            "30.00",
        )
        assert made["transfer_id"] == str(transfers(room)[-1].transfer_id)
        [told] = room.published(PaymentRefunded)
        assert isinstance(told.message, PaymentRefunded)
        assert (told.sequence, told.message.amount_minor) == (3, 3_000)
        assert told.message.is_full is False
        await cards.refunds("succeeded", "70.00", payment_id, refund="re_2")
        assert await room.status(bob, payment_id) == "refunded"

    async def test_what_the_provider_gave_back_is_not_given_again(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.refunds("pending", "30.00", payment_id)
        refused = await ask(room, bob, payment_id, "80.00")
        assert (refused.status_code, refused.json()["code"]) == (409, "refund_exceeds_payment")
        await begun(room, bob, payment_id)
        await room.charge()
        assert list(cards.refunded.values()) == ["70.00"]
        await cards.refunds("succeeded", "30.00", payment_id)
        assert await room.status(bob, payment_id) == "refunded"

    async def test_ours_is_known_by_our_id_before_and_after_its_own_answer(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        refund = await begun(room, bob, payment_id, "60.00")
        cards.down = True
        await room.charge()  # nobody knows what became of it
        await cards.refunds("succeeded", "60.00", payment_id, refund="re_9", ours=refund["id"])
        await room.settle()
        assert (await seen(room, bob, refund))["status"] == "completed"
        cards.down = False
        room.clock.advance(600)
        await room.charge()
        await cards.refunds("succeeded", "60.00", payment_id, refund="re_9")
        await room.settle()
        assert moved(room) == []
        assert len(await refunds_of(room, bob, payment_id)) == 1
        assert await room.count("card_refund") == 1

    async def test_ours_that_was_refused_and_made_after_all_is_booked_as_the_providers(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        refund = await begun(room, bob, payment_id, "60.00")
        cards.no_refunds = True
        await room.charge()
        assert (await seen(room, bob, refund))["status"] == "failed"
        for status in ("pending", "succeeded", "succeeded"):
            await cards.refunds(status, "60.00", payment_id, refund="re_9", ours=refund["id"])
        await room.settle()
        assert moved(room) == [("refund", "payee", 6_000)]
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "60.00"

    async def test_one_that_a_card_did_not_take_is_taken_back_from_the_provider(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.refunds("succeeded", "100.00", payment_id)
        assert await room.status(bob, payment_id) == "refunded"
        for status in ("failed", "succeeded", "failed"):
            await cards.refunds(status, "100.00", payment_id)
        await room.settle()
        assert moved(room) == [("refund", "payee", 10_000), ("refund_reversal", "payee", -10_000)]
        payment = await room.seen(bob, payment_id)
        assert (payment["status"], payment["refunded_amount"]) == ("paid", "0.00")
        [made] = await refunds_of(room, bob, payment_id)
        assert (made["status"], made["failure_reason"]) == ("failed", "card_refund_failed")
        [told] = room.published(PaymentRefundFailed)
        assert told.sequence == 4

    async def test_one_that_is_told_after_a_dispute_took_everything_is_booked_and_the_houses(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.disputes("funds_withdrawn", "100.00", payment_id)
        await cards.refunds("succeeded", "100.00", payment_id)
        await room.settle()
        assert moved(room) == [("chargeback", "payee", 10_000), ("refund", "house", 10_000)]
        payment = await room.seen(bob, payment_id)
        assert (payment["status"], payment["refunded_amount"]) == ("refunded", "100.00")
        [made] = await refunds_of(room, bob, payment_id)
        assert (made["status"], made["amount"]) == ("completed", "100.00")
        assert made["borne_by_house"] == "100.00"
        assert (await refunds_of(room, alice, payment_id))[0]["borne_by_house"] is None
        assert len(room.published(PaymentRefunded)) == 1
        await cards.disputes("funds_reinstated", "100.00", payment_id, status="won")
        await room.settle()
        [still] = await refunds_of(room, bob, payment_id)
        assert still == made | {"borne_by_house": "0.00"}
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "100.00"
        await cards.refunds("failed", "100.00", payment_id)
        await room.settle()
        payment = await room.seen(bob, payment_id)
        assert (payment["status"], payment["refunded_amount"]) == ("paid", "0.00")
        assert len(room.published(PaymentRefundFailed)) == 1

    async def test_one_that_a_dispute_took_a_part_of_is_one_refund_borne_by_both(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.disputes("funds_withdrawn", "60.00", payment_id)
        await cards.refunds("succeeded", "100.00", payment_id)
        await room.settle()
        [made] = await refunds_of(room, bob, payment_id)
        assert (made["amount"], made["borne_by_house"]) == ("100.00", "60.00")
        assert await room.status(bob, payment_id) == "refunded"

    async def test_never_more_than_was_paid_is_booked(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        await cards.refunds("succeeded", "70.00", payment_id, refund="re_1")
        await cards.refunds("succeeded", "70.00", payment_id, refund="re_2")
        await room.settle()
        found = await refunds_of(room, bob, payment_id)
        assert sorted(one["amount"] for one in found) == ["30.00", "70.00"]
        assert [one["borne_by_house"] for one in found] == ["0.00", "0.00"]
        await cards.refunds("failed", "70.00", payment_id, refund="re_1")
        await room.settle()
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "70.00"

    async def test_one_that_failed_before_it_was_heard_of_is_nothing(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        for status in ("failed", "pending", "succeeded"):
            await cards.refunds(status, "30.00", payment_id)
        await room.settle()
        assert (moved(room), await refunds_of(room, bob, payment_id)) == ([], [])

    async def test_one_that_is_heard_before_the_payment_is_paid_waits_for_it(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob, "100.00")
        await cards.refunds("succeeded", "30.00", payment_id)
        assert transfers(room) == []
        await room.settle()
        assert moved(room) == [("refund", "payee", 3_000)]
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "30.00"

    async def test_one_of_a_payment_that_nobody_got_makes_what_goes_back_less(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await by_card(room, alice, bob, "100.00")
        await room.cancel(alice, payment_id)
        await cards.refunds("succeeded", "30.00", payment_id)
        await room.charge()
        assert (list(cards.refunded.values()), transfers(room)) == (["70.00"], [])

    async def test_an_event_id_that_comes_again_with_something_else_is_heard_too(
        self, room: Room, cards: CardProvider, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await paid(room, cards, alice, bob)
        for amount in ("30.00", "20.00"):
            body = {
                "id": "evt_1",
                "type": "refund.created",
                "payment": cards.payment("succeeded", charge_id=str(payment_id)),
                "refund": {
                    "id": f"re_{amount}",
                    "amount": amount,
                    "currency": "RUB",
                    "status": "succeeded",
                },
            }
            for _ in range(2):
                assert (await cards.sends(json.dumps(body).encode())).status_code == 200
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "50.00"


class TestStripe:
    @pytest.fixture
    async def room(self, cluster: Cluster) -> AsyncIterator[Room]:
        chosen = {"stripe_key": "sk_test_1", "stripe_webhook_secret": SECRET}
        async with opened(cluster, provider="stripe", stripe_api=STRIPE, **chosen) as room:
            yield room

    async def tell(self, room: Room, kind: str, told: dict[str, Any], event: str = "evt") -> None:
        name = f"{event}_{kind}"
        body = json.dumps({"id": name, "type": kind, "data": {"object": told}}).encode()
        headers = {"Stripe-Signature": signatures.sign(SECRET, body, room.clock.now())}
        answer = await room.http.post("/v1/payments/webhooks/stripe", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        await room.hear()

    async def paid(self, room: Room, outside: respx.MockRouter, payer: UUID, payee: UUID) -> UUID:
        made = {"id": "cs_1", "status": "open", "url": "https://stripe.test/c/1"}
        outside.post(f"{STRIPE}/v1/checkout/sessions").respond(json=made)
        payment_id = await by_card(room, payer, payee, "100.00")
        ends = {"status": "complete", "payment_status": "paid", "payment_intent": "pi_1"}
        session = {**made, **ends, "client_reference_id": str(payment_id)}
        await self.tell(room, "checkout.session.completed", session)
        await room.settle()
        return payment_id

    async def test_both_kinds_of_events_about_one_refund_book_it_once(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        payment_id = await self.paid(room, outside, alice, bob)
        refund = {
            "id": "re_1",
            "amount": 3_000,
            "currency": "rub",
            "status": "succeeded",
            "payment_intent": "pi_1",
            "metadata": {},
        }
        listed = outside.get(f"{STRIPE}/v1/refunds").respond(500)
        charge = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 3_000}
        await self.tell(room, "charge.refunded", charge)
        await room.charge()  # it can't be read now
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"
        listed.respond(json={"data": [refund], "has_more": False})
        room.clock.advance(60)
        await room.charge()
        for kind in ("refund.created", "refund.updated", "charge.refund.updated"):
            await self.tell(room, kind, refund)
        await self.tell(room, "charge.refunded", {**charge, "amount_refunded": 5_000}, "evt_2")
        second = {**refund, "id": "re_2", "amount": 2_000}
        listed.respond(json={"data": [second, refund], "has_more": False})
        await room.charge()
        await self.tell(room, "refund.created", second, "evt_2")
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "50.00"
        assert [one.amount_minor for one in transfers(room)[1:]] == [3_000, 2_000]
        await self.tell(room, "refund.failed", {**second, "status": "failed"})
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "30.00"


class TestYooKassa:
    @pytest.fixture
    async def room(self, cluster: Cluster) -> AsyncIterator[Room]:
        chosen = {"provider": "yookassa", "yookassa_shop_id": "shop", "yookassa_key": "test_key"}
        async with opened(cluster, yookassa_api=YOOKASSA, **chosen) as room:
            yield room

    async def tell(self, room: Room, event: str, **told: Any) -> None:
        body = {"type": "notification", "event": event, "object": told}
        answer = await room.http.post("/v1/payments/webhooks/yookassa", json=body)
        assert answer.status_code == 200

    async def test_a_refund_is_booked_once_it_has_been_read(
        self, room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
    ) -> None:
        page = {"type": "redirect", "confirmation_url": "https://yoo.test/confirm"}
        made = {"id": "y-1", "status": "pending", "confirmation": page}
        outside.post(f"{YOOKASSA}/payments").respond(json=made)
        outside.get(f"{YOOKASSA}/payments/y-1").respond(json={"id": "y-1", "status": "succeeded"})
        payment_id = await by_card(room, alice, bob, "100.00")
        await self.tell(room, "payment.succeeded", id="y-1")
        await room.charge()
        refund = {
            "id": "r-1",
            "status": "succeeded",
            "payment_id": "y-1",
            "amount": {"value": "30.00", "currency": "RUB"},
        }
        listed = outside.get(f"{YOOKASSA}/refunds").respond(json={"items": []})
        await self.tell(room, "refund.succeeded", **refund)  # forged
        await room.charge()
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "0.00"
        listed.mock(return_value=httpx.Response(200, json={"items": [refund]}))
        for _ in range(2):
            await self.tell(room, "refund.succeeded", **refund)
            await room.charge()
        assert (await room.seen(bob, payment_id))["refunded_amount"] == "30.00"
        assert len(transfers(room)) == 2
