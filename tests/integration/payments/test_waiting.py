import asyncio
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import CHECKED, ONE, TWO, Room

from kit.ids import new_id
from payments.repository import Payments

WAIT = {"Prefer": "wait=10"}


async def in_flight(room: Room, payment_id: UUID) -> None:
    """Wait until the payment has been taken on its way."""
    async with asyncio.timeout(5):
        while True:
            async with room.database.read() as connection:
                found = await Payments(connection).get(payment_id)
            if found is not None and found.processing_at is not None:
                return
            await asyncio.sleep(0)


@pytest.mark.parametrize(("refusal", "status"), [(None, "paid"), ("wallet_frozen", "failed")])
async def test_who_waits_is_told_how_it_ended(
    room: Room, alice: UUID, bob: UUID, refusal: str | None, status: str
) -> None:
    room.wallet.refuses = lambda _: refusal
    payment_id = await room.create(alice, bob)
    async with asyncio.TaskGroup() as group:
        paying = group.create_task(room.pay(alice, payment_id, headers=WAIT))
        await in_flight(room, payment_id)
        await room.settle()
    answer = paying.result()
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert answer.headers["preference-applied"] == "wait=10"
    assert "location" not in answer.headers
    assert answer.json() == await room.seen(alice, payment_id)


async def test_who_has_waited_long_enough_is_told_that_it_is_on_its_way(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    answer = await room.pay(alice, payment_id, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    assert answer.headers["location"] == f"/v1/payments/{payment_id}"
    assert answer.headers["preference-applied"] == "wait=1"


async def test_what_another_process_finished_is_found_by_looking(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    async with asyncio.TaskGroup() as group:
        paying = group.create_task(room.pay(alice, payment_id, headers=WAIT))
        await in_flight(room, payment_id)
        async with room.database.unit_of_work() as uow:
            await uow.execute(
                "UPDATE payment SET status = 'paid', paid_at = $2, paid_minor = amount_minor,"
                " transfer_id = $3, version = 2 WHERE id = $1",
                payment_id,
                uow.clock.now(),
                new_id(),
            )
    answer = paying.result()
    assert (answer.status_code, answer.json()["status"]) == (200, "paid")


async def test_who_waits_for_a_cancellation_is_told_when_it_is_done(
    room: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    yes = httpx.Response(200, json={"verdict": "ok"})
    outside.post(ONE).mock(return_value=yes)
    outside.post(TWO).mock(return_value=yes)
    payment_id = await room.create(alice, bob, CHECKED)
    await room.pay(alice, payment_id)
    await room.settle()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        cancelling = group.create_task(room.cancel(alice, payment_id, headers=WAIT))
        while not cancelling.done():
            await room.settle()
            await asyncio.sleep(0)
    answer = cancelling.result()
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


async def test_waiting_holds_no_database_connection(room: Room, alice: UUID, bob: UUID) -> None:
    """More wait than the pool has connections, and work goes on."""
    payments = [await room.create(alice, bob) for _ in range(30)]
    async with asyncio.TaskGroup() as group:
        paying = [
            group.create_task(room.pay(alice, payment_id, headers=WAIT)) for payment_id in payments
        ]
        for payment_id in payments:
            await in_flight(room, payment_id)
        await room.settle()
    assert {paid.result().json()["status"] for paid in paying} == {"paid"}


async def test_nothing_is_kept_of_who_has_stopped_waiting(
    room: Room, alice: UUID, bob: UUID
) -> None:
    payment_id = await room.create(alice, bob)
    await room.pay(alice, payment_id)
    await room.pay(alice, new_id())
    assert room.service.state.wiring.payment_waiters._waiting == {}
