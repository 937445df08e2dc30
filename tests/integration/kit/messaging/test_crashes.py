"""Cut off at every await, then started again: nothing is lost, nothing happens twice."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import asyncpg
import orjson
import pytest

from kit.db.database import Database
from kit.messaging import cloudevents, topology
from kit.messaging.broker import Publication
from kit.messaging.drain import Drain
from kit.messaging.outbox import Unsent, emit
from kit.messaging.undeliverable import Undeliverable
from testkit.broker import MemoryBroker
from testkit.clock import FakeClock
from testkit.cuts import cut_everywhere
from testkit.databases import Cluster
from testkit.pump import outbox_rows, sent
from testkit.toys import ToyTold, delivery, encoded, work

from .effects import QUEUE, Effects


@pytest.fixture
def broker() -> MemoryBroker:
    own = topology.of_service("kit", commands=1, replies=False, event_types=[ToyTold.type])
    return MemoryBroker([topology.shared(), own])


async def told(effects: Effects) -> list[str]:
    """Return the texts that were told, as they wait in the outbox."""
    found = []
    for envelope in await sent(effects.database, ToyTold):
        assert isinstance(envelope.message, ToyTold)
        found.append(envelope.message.text)
    return found


def put(effects: Effects, broker: MemoryBroker, run: int, texts: str) -> None:
    """Put a pack of commands and a lone one into the queue."""
    clock = effects.database.clock
    assert isinstance(clock, FakeClock)
    *pack, alone = (encoded(work(f"{run}{text}"), text, clock=clock) for text in texts)
    for one in (delivery(*pack), delivery(alone)):
        broker.put(
            QUEUE,
            Publication("saldo.commands", "kit", one.body, one.content_type or "", mandatory=True),
        )


async def consume(effects: Effects, broker: MemoryBroker) -> None:
    """Take what waits, handle it, acknowledge it."""
    subscription = await broker.subscribe(QUEUE, prefetch=10)
    try:
        while subscription.held:
            deliveries = await subscription.take(10)
            await effects.consumer(broker).handle(deliveries)
            await subscription.ack_through(deliveries[-1].tag)
    finally:
        await subscription.close()


async def test_a_consumer_cut_off_anywhere_gives_every_command_one_effect(
    effects: Effects, broker: MemoryBroker
) -> None:
    run = 0

    def begin() -> Coroutine[Any, Any, None]:
        nonlocal run
        run += 1
        put(effects, broker, run, "abc")
        return consume(effects, broker)

    async for _ in cut_everywhere(begin):
        await consume(effects, broker)
    expected = Counter(f"{n}{text}" for n in range(1, run + 1) for text in "abc")
    assert run > 5  # it was cut off at several different moments
    assert Counter(await effects.texts()) == expected
    assert Counter(await told(effects)) == expected
    assert await effects.letters() == []


async def test_a_consumer_with_a_bad_message_cut_off_anywhere_keeps_it_once(
    effects: Effects, broker: MemoryBroker, clock: FakeClock
) -> None:
    run = 0

    def begin() -> Coroutine[Any, Any, None]:
        nonlocal run
        run += 1
        effects.fail_on(f"{run}b")
        put(effects, broker, run, "abc")
        return consume(effects, broker)

    async for _ in cut_everywhere(begin):
        await consume(effects, broker)
        effects.repair()
        clock.advance(2)
        while await effects.retries().retry_due():
            pass
    effects.repair()
    clock.advance(2)
    while await effects.retries().retry_due():
        pass
    expected = Counter(f"{n}{text}" for n in range(1, run + 1) for text in "abc")
    assert run > 20
    assert Counter(await effects.texts()) == expected
    assert Counter(await told(effects)) == expected
    assert await effects.letters() == []


async def test_a_retry_cut_off_anywhere_has_one_effect(effects: Effects, clock: FakeClock) -> None:
    run = 0

    async def retry() -> None:
        await effects.retries().retry_due()

    async def begin() -> None:
        effects.fail_on(f"{run}")
        body = encoded(work(f"{run}"), f"{run}", clock=clock)
        await effects.consumer().handle([delivery(body)])
        effects.repair()
        clock.advance(2)

    async for _ in _cut_after(begin, retry):
        await retry()
        run += 1
    assert run > 5
    assert Counter(await effects.texts()) == Counter(str(n) for n in range(run + 1))
    assert await effects.letters() == []


Work = Callable[[], Coroutine[Any, Any, None]]


async def _cut_after(begin: Work, work: Work) -> AsyncIterator[int]:
    """Prepare, then cut the work off at its first await; prepare, then at its second; …"""
    await begin()
    async for position in cut_everywhere(work):
        yield position
        await begin()


async def test_a_unit_of_work_cut_off_anywhere_is_all_or_nothing(
    effects: Effects, cluster: Cluster
) -> None:
    database = await Database.open(cluster.url("kit"), name="kit", pool_size=1)
    run = 0

    async def change() -> None:
        nonlocal run
        run += 1
        async with database.unit_of_work() as uow:
            await uow.execute("INSERT INTO effect (text) VALUES ($1)", f"{run}")
            emit(uow, ToyTold(text=f"{run}"), subject="1")

    async for _ in cut_everywhere(change):
        async with database.read() as connection:
            assert not connection.driver.is_in_transaction()
    await database.close()
    assert run > 5
    assert await effects.texts() == await told(effects)
    assert f"{run}" in await effects.texts()


@pytest.mark.parametrize("page", [2, 100])
async def test_a_drain_cut_off_anywhere_loses_nothing_and_keeps_the_order(
    database: Database, cluster: Cluster, broker: MemoryBroker, page: int
) -> None:
    run = 0

    async def drain() -> None:
        connection = await asyncpg.connect(cluster.url("kit"))
        try:
            drain = Drain(Unsent(connection), Undeliverable(), service="kit", page=page)
            drain.start(await broker.publisher())
            while await drain.step():
                pass
        finally:
            connection.terminate()

    async def begin() -> None:
        nonlocal run
        run += 1
        async with database.unit_of_work() as uow:
            for n in range(5):
                emit(uow, ToyTold(text=f"{run:03}.{n}"), subject="1")

    async for _ in _cut_after(begin, drain):
        pass
    await drain()
    assert run > 5  # it was cut off at several different moments
    assert await outbox_rows(database) == []
    arrived: list[str] = []
    for publication in broker.published:
        for raw in cloudevents.unpack(publication.body, publication.content_type):
            text = orjson.loads(raw)["data"]["text"]
            if text not in arrived:
                arrived.append(text)
    assert arrived == [f"{one:03}.{n}" for one in range(1, run + 1) for n in range(5)]
