"""Payments created with ``confirm``: written down and paid in one call."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.payments.room import Room

from contracts.payments import PaymentCreated, PaymentPaid


async def confirm(room: Room, payer: UUID, payee: UUID, **options: Any) -> httpx.Response:
    asked = {"payee": {"user_id": str(payee)}, "amount": "10.00", "confirm": True}
    return await room.post(payer, "/v1/payments", json=asked, **options)


async def test_it_is_on_its_way_at_once_and_then_paid(room: Room, alice: UUID, bob: UUID) -> None:
    answer = await confirm(room, alice, bob)
    body = answer.json()
    assert (answer.status_code, body["status"]) == (202, "processing")
    assert answer.headers["location"] == f"/v1/payments/{body['id']}"
    await room.settle()
    assert await room.status(alice, UUID(body["id"])) == "paid"
    events = room.published(PaymentCreated, PaymentPaid)
    assert [event.sequence for event in events] == [1, 2]


@pytest.mark.parametrize(("refusal", "status"), [(None, "paid"), ("wallet_frozen", "failed")])
async def test_who_waits_is_told_how_it_ended(
    room: Room, alice: UUID, bob: UUID, refusal: str | None, status: str
) -> None:
    room.wallet.refuses = lambda _: refusal
    [answer] = await room.carried(confirm(room, alice, bob, headers={"Prefer": "wait=10"}))
    assert (answer.status_code, answer.json()["status"]) == (201, status)
    assert answer.headers["location"] == f"/v1/payments/{answer.json()['id']}"
    assert answer.headers["preference-applied"] == "wait=10"


async def test_who_waits_in_vain_gets_the_payment_as_accepted(
    room: Room, alice: UUID, bob: UUID
) -> None:
    answer = await confirm(room, alice, bob, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")


async def test_a_repeated_request_pays_once_and_is_told_of_the_first_payment(
    room: Room, alice: UUID, bob: UUID
) -> None:
    headers = {"Idempotency-Key": "k", "Prefer": "wait=10"}
    [first] = await room.carried(confirm(room, alice, bob, headers=headers))
    again = await confirm(room, alice, bob, headers=headers)
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.json()) == (201, first.json())
    assert await room.count("payment") == 1
    assert room.wallet.kinds == ["Transfer"]


async def test_it_costs_what_creating_and_paying_cost(room: Room, alice: UUID, bob: UUID) -> None:
    before = room.database.statements
    await confirm(room, alice, bob)
    assert room.database.statements - before <= 6
