"""What one process of payments has done, those who wait in another learn without a poll."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from tests.integration.payments.room import Room

from kit.db import Database
from kit.messaging.replicas import Peers
from payments.live.stream import watched_since
from payments.live.waiters import PaymentWaiters
from payments.live.watchers import Watchers
from testkit.conditions import LIMIT_SECONDS, running, until
from testkit.databases import Cluster

NEVER = 3600.0


@pytest.fixture
async def other(room: Room, cluster: Cluster) -> AsyncIterator[Database]:
    """Return the room's database as another process has it; each hears of the other."""
    url = cluster.url("payments")
    database = await Database.open(url, name="payments", pool_size=2)
    async with running(Peers(room.database, url).run(), Peers(database, url).run()):

        async def is_heard() -> bool:
            room.database.wake_up.set()
            return await database.elsewhere.wait(0.05)

        await until(is_heard)
        yield database
    await database.close()


async def test_who_waits_learns_how_a_payment_ended_elsewhere(
    room: Room, other: Database, alice: UUID, bob: UUID
) -> None:
    waiters = PaymentWaiters(poll_seconds=NEVER)
    payment_id = await room.create(alice, bob)
    async with running(waiters.poll(other)):
        with waiters.expect(payment_id) as end:
            await room.pay(alice, payment_id)
            await room.settle()
            await until(end.done)
    assert (end.result().id, end.result().status) == (payment_id, "paid")


async def test_who_watches_is_woken_by_what_changes_elsewhere(
    room: Room, other: Database, alice: UUID, bob: UUID
) -> None:
    watchers = Watchers(poll_seconds=NEVER)
    await watched_since(other, alice)
    async with running(watchers.run(other)):
        with watchers.watch(alice, alice) as wake_up:
            await room.create(alice, bob)
            assert await wake_up.wait(LIMIT_SECONDS)
            payment_id = await room.create(alice, bob)
            assert await wake_up.wait(LIMIT_SECONDS)
            await room.pay(alice, payment_id)
            assert await wake_up.wait(LIMIT_SECONDS)
