"""What one person can fill is bounded, and hits nobody else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from tests.integration.payments.room import Room, opened
from tests.integration.payments.test_billers import PHONE
from tests.integration.payments.test_bulk import row, send, work
from tests.integration.payments.test_refunding import paid, refund

from kit.tasks import spawn
from payments.domain.refunds import MOST_REFUNDS
from payments.service import refunds
from testkit.databases import Cluster

MOST = 3


@pytest.fixture
async def room(cluster: Cluster) -> AsyncIterator[Room]:
    most = {"most_open_payments": MOST, "most_bulks": MOST, "most_services": MOST}
    async with opened(cluster, **most, most_waiting=1, IDEMPOTENCY_KEYS=MOST) as room:
        yield room


async def create(room: Room, payer: UUID, payee: UUID, **more: object) -> httpx.Response:
    body = {"payee": {"user_id": str(payee)}, "amount": "1.00", **more}
    return await room.post(payer, "/v1/payments", json=body)


async def test_payments_that_wait_to_be_paid_are_bounded_scheduled_ones_too(
    room: Room, alice: UUID, bob: UUID, carol: UUID
) -> None:
    at = (room.clock.now() + timedelta(days=1)).isoformat()
    first = (await create(room, alice, bob)).json()["id"]
    for more in ({"execute_at": at}, {"reserve": True}):
        assert (await create(room, alice, bob, **more)).status_code == 201
    for more in ({}, {"execute_at": at}, {"reserve": True}, {"confirm": True}):
        refused = await create(room, alice, bob, **more)
        assert (refused.status_code, refused.json()["code"]) == (409, "too_many_open_payments")
    assert (await create(room, carol, bob)).status_code == 201
    await room.pay(alice, UUID(first))
    assert (await create(room, alice, bob)).status_code == 201


async def test_bulks_under_way_are_bounded(room: Room, alice: UUID, bob: UUID, carol: UUID) -> None:
    for _ in range(MOST):
        await send(room, alice, [row("bob")])
    refused = await room.post(alice, "/v1/payments/bulk", json=[row("bob")])
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_bulks")
    await send(room, carol, [row("bob")])
    await work(room)
    await send(room, alice, [row("bob")])


async def test_services_of_one_owner_are_bounded(room: Room, alice: UUID, bob: UUID) -> None:
    for _ in range(MOST):
        assert (await room.post(alice, "/v1/services", json=PHONE)).status_code == 201
    refused = await room.post(alice, "/v1/services", json=PHONE)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_services")
    assert (await room.post(bob, "/v1/services", json=PHONE)).status_code == 201


async def test_refunds_of_one_payment_are_bounded_and_failed_ones_take_no_room(
    room: Room, alice: UUID, bob: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_REFUNDS == 100
    monkeypatch.setattr(refunds, "MOST_REFUNDS", MOST)
    payment_id, other = [await paid(room, alice, bob) for _ in range(2)]
    for _ in range(MOST):
        room.wallet.refuses = lambda _: "insufficient_funds"
        assert (await refund(room, bob, payment_id, "1.00")).status_code == 409
        room.wallet.refuses = lambda _: None
        assert (await refund(room, bob, payment_id, "1.00")).status_code == 202
    for language, title in (("en", "Too many refunds"), ("ru", "Слишком много возвратов")):
        headers = {"Accept-Language": language}
        refused = await refund(room, bob, payment_id, "1.00", headers=headers)
        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, "too_many_refunds")
        assert told["title"] == title
        assert str(MOST) in told["detail"]
    assert (await refund(room, bob, other, "1.00")).status_code == 202
    assert (await room.seen(alice, payment_id))["refunded_amount"] == "3.00"


async def test_kept_answers_are_bounded_and_whoever_is_refused_has_done_nothing(
    room: Room, alice: UUID, bob: UUID
) -> None:
    body = {"payee": {"user_id": str(bob)}, "amount": "1.00", "confirm": True}
    answers = [
        await room.post(alice, "/v1/payments", json=body, headers={"Idempotency-Key": f"k{number}"})
        for number in range(MOST + 1)
    ]
    assert [answer.status_code for answer in answers] == [202] * MOST + [429]
    assert answers[-1].json()["code"] == "too_many_keys"
    assert answers[-1].headers["retry-after"]
    assert await room.count("payment") == MOST
    again = await room.post(alice, "/v1/payments", json=body, headers={"Idempotency-Key": "k0"})
    assert again.headers["idempotency-replayed"] == "true"


async def test_whoever_waits_often_enough_already_is_answered_at_once(
    room: Room, alice: UUID, bob: UUID
) -> None:
    room.wallet.is_silent = True
    made = [await room.create(alice, bob) for _ in range(2)]
    wait = {"Prefer": "wait=30"}
    calls = [spawn(room.pay(alice, one, headers=wait), "paying") for one in made]
    done, [waiting] = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    [answered] = [task.result() for task in done]
    assert answered.status_code == 202
    assert "preference-applied" not in answered.headers
    room.wallet.is_silent = False
    at_last, _ = await room.carried(_result(waiting), _woken(room))
    assert (at_last.status_code, at_last.json()["status"]) == (200, "paid")


async def _result(waiting: "asyncio.Future[httpx.Response]") -> httpx.Response:
    return await waiting


async def _woken(room: Room) -> httpx.Response:
    await room.wake(60)
    return httpx.Response(200)
