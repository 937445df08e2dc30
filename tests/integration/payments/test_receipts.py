"""Receipts of 54-FZ: asked of whoever pays by card, told to YooKassa, of refunds their part."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.cards import SHOP
from tests.integration.payments.room import Room, opened

from testkit.databases import Cluster

YOOKASSA = "https://yookassa.test/v3"
SETTINGS: dict[str, Any] = {
    "provider": "yookassa",
    "yookassa_api": YOOKASSA,
    "yookassa_shop_id": "shop",
    "yookassa_key": "test_key",
    "yookassa_receipts": True,
    "yookassa_vat_code": 4,
    "yookassa_tax_system": 2,
}
CARD = {"method": "card", "return_url": SHOP}
EMAIL = {"receipt_contact": {"email": "alice@example.com"}}
LINES = [
    {"description": "Ticket", "quantity": 2, "amount": "50.00", "vat_code": 1},
    {"description": "Programme", "amount": "50.00"},
]


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    async with opened(cluster, **SETTINGS) as room:
        yield room


@pytest.fixture
def made(outside: respx.MockRouter) -> respx.Route:
    return outside.post(f"{YOOKASSA}/payments").respond(json={"id": "y-1", "status": "pending"})


async def create(room: Room, payer: UUID, payee: UUID, **more: Any) -> httpx.Response:
    body = {"payee": {"user_id": str(payee)}, "amount": "150.00", **more}
    return await room.post(payer, "/v1/payments", json=body)


def sent(route: respx.Route) -> dict[str, Any]:
    receipt: dict[str, Any] = json.loads(route.calls.last.request.content)["receipt"]
    return receipt


async def test_lines_and_contact_are_on_the_receipt_and_a_part_of_them_on_the_refunds(
    room: Room, made: respx.Route, outside: respx.MockRouter, alice: UUID, bob: UUID
) -> None:
    answer = await create(room, alice, bob, lines=LINES, confirm=True, **CARD, **EMAIL)
    assert answer.status_code == 202, answer.text
    assert [one["quantity"] for one in answer.json()["lines"]] == ["2", "1"]
    common = {"payment_subject": "service", "payment_mode": "full_payment"}
    price = {"value": "50.00", "currency": "RUB"}
    assert sent(made) == {
        "customer": {"email": "alice@example.com"},
        "tax_system_code": 2,
        "items": [
            {"description": "Ticket", "quantity": "2", "amount": price, "vat_code": 1, **common},
            {"description": "Programme", "quantity": "1", "amount": price, "vat_code": 4, **common},
        ],
    }
    payment_id = UUID(answer.json()["id"])
    assert "lines" not in await room.seen(bob, payment_id)
    outside.get(f"{YOOKASSA}/payments/y-1").respond(json={"id": "y-1", "status": "succeeded"})
    room.clock.advance(10)
    await room.charge()
    back = outside.post(f"{YOOKASSA}/refunds").respond(json={"id": "r-1", "status": "succeeded"})
    path = f"/v1/payments/{payment_id}/refunds"
    await room.carried(room.post(bob, path, json={"amount": "30.00"}))
    await room.charge()
    items = sent(back)["items"]
    assert [(one["amount"]["value"], one["vat_code"]) for one in items] == [
        ("20.00", 1),
        ("10.00", 4),
    ]
    assert sent(back)["customer"] == {"email": "alice@example.com"}


async def test_without_lines_the_receipt_has_one_and_a_phone_is_a_contact_too(
    room: Room, made: respx.Route, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob, "150.00", description="Tickets\nfor two")
    body = {**CARD, "receipt_contact": {"phone": "+79000000000"}}
    assert (await room.pay(alice, payment_id, json=body)).status_code == 202
    receipt = sent(made)
    assert receipt["customer"] == {"phone": "79000000000"}
    [item] = receipt["items"]
    assert (item["description"], item["quantity"]) == ("bob · Tickets for two", "1")
    assert (item["amount"]["value"], item["vat_code"]) == ("150.00", 4)


async def test_a_contact_is_needed_wherever_a_card_is_asked_for(
    room: Room, made: respx.Route, alice: UUID, bob: UUID
) -> None:
    refused = await create(room, alice, bob, confirm=True, **CARD)
    assert (refused.status_code, refused.json()["code"]) == (422, "receipt_contact_missing")
    body = {"payee": {"user_id": str(bob)}, "amount": "150.00", "confirm": True, **CARD}
    quoted = (await room.post(alice, "/v1/payments/quote", json=body)).json()
    assert quoted["code"] == "receipt_contact_missing"
    payment_id = await room.create(alice, bob, "150.00")
    refused = await room.pay(alice, payment_id, json=CARD)
    assert (refused.status_code, refused.json()["code"]) == (422, "receipt_contact_missing")
    assert not made.called


async def test_a_shop_that_sends_none_is_asked_for_none_and_one_may_have_its_own_contact(
    cluster: Cluster, made: respx.Route
) -> None:
    for more, customer in (
        ({"yookassa_receipts": False}, None),
        ({"yookassa_receipt_email": "shop@example.com"}, {"email": "shop@example.com"}),
    ):
        async with opened(cluster, **{**SETTINGS, **more}) as room:
            alice, bob = await room.arrives("alice"), await room.arrives("bob")
            assert (await create(room, alice, bob, confirm=True, **CARD)).status_code == 202
            told = json.loads(made.calls.last.request.content)
            assert told.get("receipt", {}).get("customer") == customer


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"description": "Ticket", "amount": "149.99"}], "lines_do_not_add_up"),
        ([{"description": "Ticket", "quantity": "3", "amount": "50.01"}], "lines_do_not_add_up"),
        ([{"description": "Ticket", "amount": "150.000"}], "lines_do_not_add_up"),
        ([{"description": "Ticket", "quantity": "-1", "amount": "150.00"}], "validation_failed"),
        ([{"description": "Ticket", "quantity": True, "amount": "150.00"}], "validation_failed"),
        ([{"description": "", "amount": "150.00"}], "validation_failed"),
        ([{"description": "4242 4242 4242 4242", "amount": "150.00"}], "validation_failed"),
        ([{"description": "Ticket", "amount": "150.00", "vat_code": 13}], "validation_failed"),
        ([{"description": "Ticket", "amount": "150.00", "price": "1"}], "validation_failed"),
        ([], "validation_failed"),
        ([{"description": "Ticket", "amount": "1.50"}] * 101, "validation_failed"),
    ],
)
async def test_lines_that_are_none_are_refused_whoever_pays(
    room: Room, alice: UUID, bob: UUID, lines: list[dict[str, Any]], code: str
) -> None:
    refused = await create(room, alice, bob, lines=lines)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert await room.count("payment") == 0


@pytest.mark.parametrize(
    "contact", [{}, {"email": "nobody"}, {"email": "a b@c.de"}, {"phone": "abc"}, {"fax": "1"}]
)
async def test_a_contact_that_is_none_is_refused(
    room: Room, alice: UUID, bob: UUID, contact: dict[str, str]
) -> None:
    payment_id = await room.create(alice, bob)
    refused = await room.pay(alice, payment_id, json={**CARD, "receipt_contact": contact})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    from_wallet = await room.pay(alice, payment_id, json=EMAIL)
    assert from_wallet.json()["errors"][0]["code"] == "card_only"
