"""What a provider gives as reason is logged, and told to administrators in the timeline."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import SHOP, CardProvider
from tests.integration.payments.room import AUTH, NOTIFICATIONS, WALLET, Room, opened
from tests.integration.payments.test_charges import by_card

from payments.repository.cards.provider_faults import MOST
from testkit.databases import Cluster

STRIPE, YOOKASSA = "https://stripe.test", "https://yookassa.test/v3"
CARD = {"method": "card", "return_url": SHOP}
NUMBER = "4242 4242 4242 4242"


async def told(room: Room, caller: UUID, payment_id: UUID) -> list[dict[str, Any]]:
    answer = await room.get(caller, f"/v1/payments/{payment_id}/timeline")
    assert answer.status_code == 200, answer.text
    found = [item for item in answer.json()["items"] if item["kind"] == "provider"]
    return [{name: item[name] for name in item if name not in ("at", "kind")} for item in found]


@pytest.fixture(autouse=True)
def others(outside: respx.MockRouter) -> None:
    outside.post(f"{AUTH}/v1/auth/token").respond(json={"access_token": "t", "expires_in": 300})
    told = outside.get(url__startswith=f"{NOTIFICATIONS}/internal/payments/")
    told.respond(json={"items": [], "is_complete": True})
    outside.get(url__startswith=f"{WALLET}/internal/transfers/").respond(404)


@pytest.fixture
async def stripe(cluster: Cluster) -> AsyncIterator[Room]:
    keys = {"stripe_key": "sk_test_1", "stripe_webhook_secret": "whsec_1"}
    async with opened(cluster, provider="stripe", stripe_api=STRIPE, **keys) as room:
        yield room


async def test_a_refused_call_of_stripe_is_told_to_admins_alone(
    stripe: Room, outside: respx.MockRouter
) -> None:
    said = {
        "type": "invalid_request_error",
        "code": "parameter_invalid_integer",
        "decline_code": "do_not_honor",
        "param": "line_items[0][price_data][unit_amount]",
        "message": f"Invalid integer for sk_live_abcdefgh\x00 of {NUMBER}",
    }
    outside.post(f"{STRIPE}/v1/checkout/sessions").respond(
        400, json={"error": said}, headers={"Request-Id": "req_42"}
    )
    alice, bob = await stripe.arrives("alice"), await stripe.arrives("bob")
    payment_id = await by_card(stripe, alice, bob)
    assert await stripe.status(alice, payment_id) == "failed"
    [fault] = await told(stripe, await stripe.admin(), payment_id)
    assert fault == {
        "code": "refused",
        "label": "Provider “stripe”: refused",
        "provider": "stripe",
        "asked": "create",
        "status_code": 400,
        "provider_kind": "invalid_request_error",
        "provider_code": "parameter_invalid_integer",
        "decline_code": "do_not_honor",
        "parameter": "line_items[0][price_data][unit_amount]",
        "message": "[redacted]",
        "provider_request_id": "req_42",
    }
    for one in (alice, bob):
        assert await told(stripe, one, payment_id) == []


async def test_what_yookassa_says_of_a_refusal_and_of_a_cancelled_payment_is_told(
    cluster: Cluster, outside: respx.MockRouter
) -> None:
    keys = {"yookassa_shop_id": "shop", "yookassa_key": "test_key"}
    async with opened(cluster, provider="yookassa", yookassa_api=YOOKASSA, **keys) as room:
        alice, bob = await room.arrives("alice"), await room.arrives("bob")
        admin = await room.admin()
        error = {
            "type": "error",
            "id": "ab5a11cd",
            "code": "invalid_request",
            "description": "Receipt is missing or illegal",
            "parameter": "receipt",
        }
        outside.post(f"{YOOKASSA}/payments").respond(400, json=error)
        refused = await by_card(room, alice, bob)
        [fault] = await told(room, admin, refused)
        assert (fault["provider_code"], fault["parameter"]) == ("invalid_request", "receipt")
        assert fault["provider_request_id"] == "ab5a11cd"
        assert fault["message"] == "Receipt is missing or illegal"
        details = {"party": "payment_network", "reason": "insufficient_funds"}
        cancelled = {"id": "y-1", "status": "canceled", "cancellation_details": details}
        outside.post(f"{YOOKASSA}/payments").respond(json={"id": "y-1", "status": "pending"})
        outside.get(f"{YOOKASSA}/payments/y-1").respond(json=cancelled)
        declined = await by_card(room, alice, bob)
        room.clock.advance(10)
        await room.charge()
        assert await room.status(alice, declined) == "failed"
        [fault] = await told(room, admin, declined)
        assert (fault["provider_kind"], fault["provider_code"], fault["parameter"]) == (
            "cancellation",
            "insufficient_funds",
            "payment_network",
        )


async def test_a_refused_refund_is_told_and_an_outage_fills_no_table(
    room: Room, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    cards = CardProvider(room, outside)
    payment_id = await by_card(room, alice, bob)
    await cards.tells("succeeded", payment_id)
    await room.settle()
    cards.down = True
    path = f"/v1/payments/{payment_id}/refunds"
    await room.carried(room.post(bob, path, json={"amount": "4.00"}))
    for _ in range(MOST + 3):
        await room.charge()
        room.clock.advance(3600)
    admin = await room.admin()
    faults = await told(room, admin, payment_id)
    assert len(faults) == MOST == await room.count("provider_fault")
    assert {(one["code"], one["asked"], one["message"]) for one in faults} == {
        ("no_answer", "refund", "ReadTimeout")
    }
    cards.down, cards.no_refunds = False, True
    await room.charge()
    last = (await told(room, admin, payment_id))[-1]
    assert (last["code"], last["status_code"]) == ("refused", 400)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": 7}', b"\xff\xfe"])
async def test_an_unreadable_refusal_still_has_its_status_and_request_id(
    stripe: Room, outside: respx.MockRouter, body: bytes
) -> None:
    answer = httpx.Response(402, content=body, headers={"Request-Id": "req_1"})
    outside.post(f"{STRIPE}/v1/checkout/sessions").mock(return_value=answer)
    alice, bob = await stripe.arrives("alice"), await stripe.arrives("bob")
    payment_id = await by_card(stripe, alice, bob)
    [fault] = await told(stripe, await stripe.admin(), payment_id)
    assert (fault["status_code"], fault["provider_request_id"]) == (402, "req_1")
    assert fault["message"] is None
