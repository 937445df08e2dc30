"""The loops of a worker, as the composition root has put them together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest
import respx
from tests.integration.payments.room import CHECKED, ONE, TWO, Room

from contracts.wallet import CaptureHold
from kit.tasks import spawn, stop
from kit.web.idempotency import keep_purged
from payments.loops import expiry


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.01)


@pytest.fixture
async def working(room: Room) -> AsyncIterator[Room]:
    """The room with its background loops running; messages are still carried by hand."""
    tasks = [spawn(_run(room, work), name) for name, work in room.service.background]
    yield room
    await stop(tasks)


async def _run(room: Room, work: Callable[..., Awaitable[None]]) -> None:
    await work(room.service)


async def test_a_checked_payment_goes_all_the_way(
    working: Room, alice: UUID, bob: UUID, outside: respx.MockRouter
) -> None:
    room = working
    for url in (ONE, TWO):
        outside.post(url).mock(return_value=httpx.Response(200, json={"verdict": "ok"}))
    payment_id = await room.create(alice, bob, CHECKED)
    await room.pay(alice, payment_id)

    async def is_captured() -> bool:
        await room.settle()
        return any(isinstance(command, CaptureHold) for command in room.wallet.heard)

    await until(is_captured)
    await room.settle()
    assert (await room.seen(alice, payment_id))["status"] == "paid"


async def test_a_saga_that_is_due_is_woken(working: Room, alice: UUID, bob: UUID) -> None:
    room = working
    payment_id = await room.create(alice, bob)
    room.wallet.is_silent = True
    await room.pay(alice, payment_id)
    await room.settle()
    room.wallet.is_silent = False
    room.clock.advance(10)

    async def is_paid() -> bool:
        await room.settle()
        return await room.status(alice, payment_id) == "paid"

    await until(is_paid)


async def test_what_nobody_paid_is_swept_batch_after_batch_without_a_pause(
    room: Room, alice: UUID, bob: UUID
) -> None:
    async with room.database.unit_of_work() as uow:
        await uow.execute(
            """
            INSERT INTO payment (id, status, payer_id, payee_id, amount_minor, currency, version,
                created_at, expires_at)
            SELECT gen_random_uuid(), 'created', $1, $2, 100, 'RUB', 1, $3, $3
            FROM generate_series(1, 450)
            """,
            alice,
            bob,
            room.clock.now(),
        )
    sweeping = spawn(expiry.sweep(room.database, every_seconds=3600), "sweep")

    async def are_cancelled() -> bool:
        async with room.database.read() as connection:
            left = "SELECT count(*) FROM payment WHERE status = 'created'"
            return bool(await connection.fetchval(left) == 0)

    await until(are_cancelled)
    await stop([sweeping])


async def test_answers_past_their_time_are_forgotten(room: Room, alice: UUID, bob: UUID) -> None:
    payment_id = await room.create(alice, bob)
    await room.cancel(alice, payment_id, headers={"Idempotency-Key": "k"})
    room.clock.advance(24 * 3600 + 1)
    forgetting = spawn(keep_purged(room.database), "forget")

    async def is_forgotten() -> bool:
        return await room.count("idempotency") == 0

    await until(is_forgotten)
    await stop([forgetting])
