"""How long a consumer waits for others: for a conflict to end, a batch to end, a turn to read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import asyncpg
import pytest

from kit.db.database import Database
from kit.db.losses import ConnectionLostError
from kit.db.unit_of_work import UnitOfWork
from kit.messaging import cloudevents, consumer, topology
from kit.messaging.broker import Publication
from kit.messaging.consumer import CONFLICT_TRIES, Consumer
from kit.messaging.routes import by_type
from testkit.broker import MemoryBroker
from testkit.clock import FakeClock
from testkit.conditions import until
from testkit.toys import Work, delivery, encoded, work

from .effects import QUEUE, Effects


def command(text: str, clock: FakeClock) -> bytes:
    return encoded(work(text), text, clock=clock)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses of the consumer, none of which lasts; a server beside it ticks on."""
    made: list[float] = []

    async def pause(seconds: float) -> None:
        made.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(consumer, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": pause}))
    return made


async def test_a_conflict_is_tried_again_after_pauses_that_double(
    effects: Effects, clock: FakeClock, pauses: list[float]
) -> None:
    effects.fail_on("a", asyncpg.SerializationError("again"))
    await effects.consumer().handle([delivery(command("a", clock))])
    expected = [0.01 * 2**n for n in range(CONFLICT_TRIES - 1)]
    assert [one for one in pauses if one] == expected * 2  # together, then alone


async def test_reading_ahead_gives_way_at_each_delivery_and_waits_for_nothing(
    effects: Effects, clock: FakeClock, pauses: list[float]
) -> None:
    deliveries = [delivery(command(text, clock), tag=tag) for tag, text in enumerate("abc")]
    reading = await effects.consumer()._read(deliveries)
    assert len(reading.items) == 3
    assert pauses == [0, 0, 0]


async def test_a_batch_that_does_not_end_is_given_up_when_the_consumer_is_stopped(
    effects: Effects, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "FINISH_SECONDS", 0.01)

    async def hang(_: UnitOfWork) -> None:
        await asyncio.Event().wait()

    effects.troubles["endless"] = hang
    own = topology.of_service("kit", commands=1, replies=False, event_types=[])
    broker = MemoryBroker([topology.shared(), own])
    body = command("endless", clock)
    broker.put(QUEUE, Publication("any", "kit", body, cloudevents.SINGLE, mandatory=True))
    running = asyncio.ensure_future(effects.consumer(broker).run())  # noqa: TID251 - ended below
    await until(lambda: effects.batches == [1])
    running.cancel()
    await asyncio.wait([running], timeout=5)
    assert running.done()
    assert await effects.texts() == []
    assert len(broker.queues[QUEUE]) == 1


async def test_a_batch_under_which_the_connection_was_lost_is_not_tried_one_by_one(
    effects: Effects, clock: FakeClock
) -> None:
    effects.fail_on("b", ConnectionLostError(is_undone=True))
    with pytest.raises(ConnectionLostError):
        await effects.consumer().handle([delivery(command("a", clock), command("b", clock))])
    assert effects.batches == [2]
    assert await effects.texts() == []


class Meanwhile:
    """A database where another worker does its work before the last unit of work begins."""

    def __init__(self, database: Database, other: Consumer, body: bytes, units: int) -> None:
        self._database = database
        self._other = other
        self._body = body
        self._left = units

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        self._left -= 1
        if not self._left:
            await self._other.handle([delivery(self._body)])
        async with self._database.unit_of_work() as uow:
            yield uow


async def test_what_failed_here_and_was_handled_by_another_worker_meanwhile_is_not_parked(
    effects: Effects, clock: FakeClock
) -> None:
    body = command("once", clock)

    async def fail(_: UnitOfWork, __: object) -> None:
        raise ZeroDivisionError

    # Together with others, alone, and then to be parked.
    database = Meanwhile(effects.database, effects.consumer(), body, units=3)
    here = Consumer(
        database,  # type: ignore[arg-type]
        MemoryBroker(),
        QUEUE,
        by_type({Work: fail}),
        unknown_is_fine=False,
    )
    await here.handle([delivery(body)])
    assert await effects.texts() == ["once"]
    assert await effects.letters() == []
