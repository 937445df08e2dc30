"""One effect for every event, however often, wherever and together with what it comes."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import repeat
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from kit.db.database import Database
from kit.db.losses import ConnectionLostError
from kit.db.unit_of_work import UnitOfWork
from kit.ids import new_id
from kit.linger import Linger
from kit.messaging import cloudevents, inbox, topology
from kit.messaging.broker import Publication
from kit.messaging.consumer import CONFLICT_TRIES, SUSPECT_ATTEMPTS, Consumer
from kit.messaging.messages import Envelope
from kit.messaging.outbox import emit
from kit.messaging.routes import by_type
from testkit.broker import MemoryBroker
from testkit.clock import FakeClock
from testkit.conditions import running, until
from testkit.databases import Cluster
from testkit.proxy import Proxy
from testkit.pump import sent
from testkit.toys import ToyTold, Work, delivery, encoded, event_id, one_by_one, work

from .effects import QUEUE, Effects


def command(effects: Effects, text: str, subject: str = "1") -> bytes:
    clock = effects.database.clock
    assert isinstance(clock, FakeClock)
    return encoded(work(text), subject, clock=clock, reply_to="payments")


@pytest.fixture
def broker() -> MemoryBroker:
    own = topology.of_service("kit", commands=1, replies=False, event_types=[])
    return MemoryBroker([topology.shared(), own])


def put(broker: MemoryBroker, *bodies: bytes) -> None:
    """Publish commands to the queue, each alone."""
    for body in bodies:
        one = Publication("saldo.commands", "kit", body, cloudevents.SINGLE, mandatory=True)
        broker.put(QUEUE, one)


async def test_a_batch_is_one_transaction_of_three_statements(effects: Effects) -> None:
    texts = [f"{n:03}" for n in range(200)]
    consumer = effects.consumer()
    before = effects.database.statements
    await consumer.handle([delivery(*(command(effects, text) for text in texts))])
    assert effects.database.statements - before == 3  # inbox, handler, outbox
    assert effects.batches == [200]
    assert await effects.texts() == texts
    assert len(await sent(effects.database, ToyTold)) == 200


async def test_events_of_several_deliveries_are_handled_together_in_order(
    effects: Effects,
) -> None:
    one, two, three = (command(effects, text) for text in "123")
    await effects.consumer().handle([delivery(one, two), delivery(three, tag=2)])
    assert effects.batches == [3]
    assert await effects.texts() == ["1", "2", "3"]


async def test_after_a_batch_of_several_the_next_gathers_and_who_comes_alone_does_not_wait(
    effects: Effects, broker: MemoryBroker
) -> None:
    asked: list[float] = []
    is_over = asyncio.Event()

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        await is_over.wait()

    consumer = effects.consumer(broker, linger=Linger(7.0, sleep))
    async with running(consumer.run()):
        for alone in "ab":
            put(broker, command(effects, alone))
            await until(lambda: _has(effects, alone))  # noqa: B023 - waited for right here
        assert asked == []
        put(broker, *(command(effects, text) for text in "cd"))
        await until(lambda: asked == [7.0])
        assert await effects.texts() == list("abcd")
        for one in "efg":
            put(broker, command(effects, one))
            await asyncio.sleep(0)
        is_over.set()
        await until(lambda: _has(effects, "g"))
    assert effects.batches == [1, 1, 2, 3]


async def test_who_stops_gives_nothing_back_that_was_handled(
    effects: Effects, broker: MemoryBroker
) -> None:
    async with running(effects.consumer(broker).run()):
        for one in "abc":
            put(broker, command(effects, one))
            await until(lambda: _has(effects, one))  # noqa: B023 - waited for right here
    assert list(broker.queues[QUEUE]) == []


async def test_an_event_that_comes_again_alone_has_one_effect(effects: Effects) -> None:
    body = command(effects, "once")
    for _ in range(3):
        await effects.consumer().handle([delivery(body)])
    assert await effects.texts() == ["once"]
    assert len(await sent(effects.database, ToyTold)) == 1


async def test_an_event_that_comes_twice_in_one_pack_has_one_effect(effects: Effects) -> None:
    body, other = command(effects, "once"), command(effects, "other")
    await effects.consumer().handle([delivery(body, other, body), delivery(body, tag=2)])
    assert await effects.texts() == ["once", "other"]


async def test_an_event_that_comes_again_inside_another_pack_has_one_effect(
    effects: Effects,
) -> None:
    bodies = [command(effects, text) for text in "abc"]
    await effects.consumer().handle([delivery(bodies[0], bodies[1])])
    await effects.consumer().handle([delivery(bodies[1], bodies[2])])
    assert await effects.texts() == ["a", "b", "c"]


async def test_an_event_that_two_workers_get_at_once_has_one_effect(effects: Effects) -> None:
    bodies = [command(effects, f"{n:02}") for n in range(40)]
    forwards, backwards = delivery(*bodies), delivery(*reversed(bodies))
    await asyncio.gather(*(effects.consumer().handle([one]) for one in (forwards, backwards) * 3))
    assert sorted(await effects.texts()) == [f"{n:02}" for n in range(40)]


@pytest.mark.parametrize("days", [0.01, 1.0, 13.9])
async def test_an_event_that_comes_again_much_later_has_one_effect(
    effects: Effects, clock: FakeClock, days: float
) -> None:
    body = command(effects, "once")
    await effects.consumer().handle([delivery(body)])
    clock.advance(days * 86_400)
    await inbox.maintain(effects.database)
    await effects.consumer().handle([delivery(body)])
    assert await effects.texts() == ["once"]


async def test_an_event_older_than_the_inbox_remembers_is_never_handled(
    effects: Effects, clock: FakeClock
) -> None:
    body = command(effects, "too late")
    await effects.consumer().handle([delivery(body)])
    clock.advance(16 * 86_400)
    await inbox.maintain(effects.database)
    await effects.consumer().handle([delivery(body)])
    assert await effects.texts() == ["too late"]
    assert await effects.states() == [("stale", "dead")]


async def test_two_consumers_of_one_event_each_have_their_effect(effects: Effects) -> None:
    body = command(effects, "for both")
    for queue in ("kit.commands", "kit.other"):
        await effects.consumer(queue=queue).handle([delivery(body)])
    assert await effects.texts() == ["for both", "for both"]


async def test_the_inbox_keeps_the_days_it_needs_and_drops_the_others(
    database: Database, clock: FakeClock
) -> None:
    await inbox.maintain(database)
    today = await partitions(database)
    clock.advance(3 * 86_400)
    for _ in range(2):
        await inbox.maintain(database)
    later = await partitions(database)
    dropped = [day for day in today if day not in later]
    first = clock.now().date() - timedelta(days=inbox.RETENTION_DAYS)
    last = clock.now().date() + timedelta(days=2)
    assert dropped == today[:3]
    assert later[0] == f"inbox_{first:%Y%m%d}"
    assert f"inbox_{last:%Y%m%d}" in later


async def partitions(database: Database) -> list[str]:
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = 'inbox'::regclass ORDER BY 1"
        )
    return [row["name"] for row in rows]


async def test_a_message_is_acknowledged_after_its_commit_and_not_before(
    effects: Effects, broker: MemoryBroker
) -> None:
    gate = asyncio.Event()

    async def wait(_: UnitOfWork) -> None:
        await gate.wait()

    effects.troubles["slow"] = wait
    put(broker, command(effects, "slow"))
    async with running(effects.consumer(broker).run()):
        await until(lambda: effects.batches == [1])
        (held,) = [one for subs in broker._subscriptions.values() for one in subs]
        assert len(held.held) == 1
        gate.set()
        await until(lambda: not held.held)
    assert await effects.texts() == ["slow"]


async def test_a_batch_begun_is_finished_when_the_consumer_is_stopped(
    effects: Effects, broker: MemoryBroker
) -> None:
    gate = asyncio.Event()

    async def wait(_: UnitOfWork) -> None:
        asyncio.get_running_loop().call_later(0.05, gate.set)
        await gate.wait()

    effects.troubles["slow"] = wait
    put(broker, command(effects, "slow"))
    async with running(effects.consumer(broker).run()):
        await until(lambda: effects.batches == [1])
    assert await effects.texts() == ["slow"]
    assert not broker.queues[QUEUE]


async def test_batches_follow_one_another_though_the_next_one_is_read_ahead(
    effects: Effects, broker: MemoryBroker
) -> None:
    under_way = 0

    async def alone(_: UnitOfWork) -> None:
        nonlocal under_way
        under_way += 1
        await asyncio.sleep(0)
        assert under_way == 1
        under_way -= 1

    texts = [str(n) for n in range(1, 4)]
    effects.troubles = dict.fromkeys(texts, alone)
    for text in ("first", *texts):
        pack = cloudevents.pack([command(effects, text)] * 600)
        one = Publication("saldo.commands", "kit", pack, cloudevents.BATCH, mandatory=True)
        broker.put(QUEUE, one)
    async with running(effects.consumer(broker).run()):
        await until(lambda: len(effects.batches) == 4)
    assert await effects.texts() == ["first", *texts]
    assert await effects.letters() == []


async def test_a_suspect_between_others_goes_alone(effects: Effects, broker: MemoryBroker) -> None:
    for text, attempts in (("first", 0), ("before", 0), ("suspect", 2), ("a", 0), ("b", 0)):
        body = command(effects, text)
        one = Publication("saldo.commands", "kit", body, cloudevents.SINGLE, mandatory=True)
        broker.put(QUEUE, one, attempts)
    async with running(effects.consumer(broker).run()):
        await until(lambda: sum(effects.batches) == 5)
    assert effects.batches == [1, 1, 1, 2]
    assert await effects.texts() == ["first", "before", "suspect", "a", "b"]


async def test_a_conflict_between_transactions_is_tried_again_together(
    effects: Effects,
) -> None:
    conflicts = iter(("40P01", "40001", "40P01"))

    async def conflict(uow: UnitOfWork) -> None:
        code = next(conflicts, None)
        if code is not None:
            await uow.execute(f"DO $$ BEGIN RAISE 'x' USING ERRCODE = '{code}'; END $$")

    effects.troubles["b"] = conflict
    await effects.consumer().handle([delivery(*(command(effects, text) for text in "abc"))])
    assert effects.batches == [3, 3, 3, 3]
    assert await effects.texts() == ["a", "b", "c"]
    assert await effects.letters() == []


async def test_a_conflict_that_never_ends_parks_the_message_that_has_it_and_no_other(
    effects: Effects,
) -> None:
    effects.fail_on("b", asyncpg.DeadlockDetectedError("again"))
    await effects.consumer().handle([delivery(*(command(effects, text) for text in "abc"))])
    assert effects.batches == [3] * CONFLICT_TRIES + [1] + [1] * CONFLICT_TRIES
    assert await effects.texts() == ["a"]
    assert await effects.states() == [("handler_failed", "parked"), ("behind_parked", "parked")]


@pytest.mark.parametrize("attempts", [0, SUSPECT_ATTEMPTS])
async def test_a_connection_lost_under_a_handler_is_no_fault_of_a_batch_or_of_a_suspect(
    effects: Effects, attempts: int
) -> None:
    effects.fail_on("b", ConnectionLostError(is_undone=True))
    pack = delivery(*(command(effects, text) for text in "ab"), attempts=attempts)
    with pytest.raises(ConnectionLostError):
        await effects.consumer().handle([pack])
    assert await effects.letters() == []
    effects.repair()
    await effects.consumer().handle([pack])
    assert await effects.texts() == ["a", "b"]


async def test_while_postgresql_is_away_nothing_is_acknowledged_parked_or_counted(
    effects: Effects, broker: MemoryBroker, cluster: Cluster, clock: FakeClock
) -> None:
    parts = urlsplit(cluster.url("kit"))
    async with Proxy(parts.hostname or "", parts.port or 0) as proxy:
        near = urlunsplit(parts._replace(netloc=f"kit:kit@127.0.0.1:{proxy.port}"))
        database = await Database.open(near, name="kit", clock=clock, pool_size=3)
        consumer = Consumer(
            database, broker, QUEUE, by_type({Work: effects.handle}), unknown_is_fine=False
        )
        async with running(consumer.run()):
            put(broker, command(effects, "before"))
            await until(lambda: len(broker._subscriptions[QUEUE]) == 1)
            await until(lambda: _has(effects, "before"))
            proxy.refuses = True
            await proxy.cut()
            put(broker, *(command(effects, f"during {n}") for n in range(5)))
            await until(lambda: not broker._subscriptions[QUEUE])
            before = proxy.refused
            await until(lambda: proxy.refused >= before + 4)  # some rounds of trying again
            waiting = list(broker.queues[QUEUE])
            assert len(waiting) == 5
            assert max(one.attempts for one in waiting) <= 1
            proxy.refuses = False
            await until(lambda: _has(effects, "during 4"))
        await database.close()
    assert await effects.texts() == ["before", *(f"during {n}" for n in range(5))]
    assert await effects.letters() == []


async def _has(effects: Effects, text: str) -> bool:
    return text in await effects.texts()


class KilledError(BaseException):
    """What nothing catches."""


async def test_a_message_that_kills_its_process_takes_nobody_along(
    effects: Effects, broker: MemoryBroker
) -> None:
    texts = [f"{n:02}" for n in range(10)]
    texts.insert(5, "killer")
    put(broker, *(command(effects, text) for text in texts))
    effects.fail_on("killer", KilledError())
    for _ in range(topology.DELIVERY_LIMIT + 1):
        with pytest.raises(KilledError):
            await effects.consumer(broker)._once()
        broker.cut()
    dead = [one.publication.body for one in broker.queues["kit.dead"]]
    assert [orjson.loads(body)["data"]["text"] for body in dead] == ["killer"]
    async with running(effects.consumer(broker).run()):
        await until(lambda: _has(effects, "09"))
    assert await effects.texts() == [text for text in texts if text != "killer"]


async def test_a_suspect_pack_is_handled_event_by_event(effects: Effects) -> None:
    effects.fail_on("killer", KilledError())
    pack = [command(effects, text) for text in ("1", "2", "killer", "3")]
    with pytest.raises(KilledError):
        await effects.consumer().handle([delivery(*pack, attempts=2)])
    assert await effects.texts() == ["1", "2"]


async def test_each_message_of_a_batch_is_the_cause_of_what_it_emits(
    effects: Effects,
) -> None:
    async def answer(uow: UnitOfWork, envelope: Envelope) -> None:
        emit(uow, ToyTold(text="answer"), subject=envelope.subject)

    consumer = Consumer(
        effects.database,
        MemoryBroker(),
        QUEUE,
        by_type({Work: one_by_one(answer)}),
        unknown_is_fine=False,
    )
    bodies = [command(effects, text, subject=text) for text in "abc"]
    await consumer.handle([delivery(*bodies)])
    emitted = await sent(effects.database, ToyTold)
    assert [one.causation_id for one in emitted] == [str(event_id(body)) for body in bodies]


async def test_a_handler_that_fails_at_commit_has_no_effect_and_is_parked(
    effects: Effects,
) -> None:
    async def spoil(uow: UnitOfWork) -> None:
        with suppress(Exception):
            await uow.execute("SELECT 1 / 0")

    effects.troubles["swallows"] = spoil
    bodies = [command(effects, text, subject=str(new_id())) for text in ("a", "swallows", "b")]
    await effects.consumer().handle([delivery(*bodies)])
    assert await effects.texts() == ["a", "b"]
    assert await effects.states() == [("handler_failed", "parked")]


async def test_a_consumer_that_found_no_broker_is_there_as_soon_as_that_is(
    effects: Effects, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else "ready" is said while it pauses, and the first payment waits for it."""
    monkeypatch.setattr("kit.tasks.backoff", lambda: repeat(3600.0))
    broker.is_down = True
    put(broker, command(effects, "first"))
    with capture_logs() as logged:
        async with running(effects.consumer(broker).run()):
            await until(lambda: "loop_restarts" in [one["event"] for one in logged])
            broker.is_down = False

            async def is_done() -> bool:
                return await effects.texts() == ["first"]

            await until(is_done)
