"""The relay on a real PostgreSQL, to a broker in memory."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from itertools import repeat

import asyncpg
import orjson
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from kit.db.database import Database
from kit.messaging import cloudevents, topology
from kit.messaging.broker import BrokerUnavailableError, Publication
from kit.messaging.drain import Drain
from kit.messaging.outbox import Unsent, emit
from kit.messaging.relay import NEWS_SECONDS, SESSION, Relay, RemoteWaker
from kit.messaging.undeliverable import Undeliverable
from kit.wake_up import WakeUp
from testkit.broker import MemoryBroker
from testkit.conditions import running, until
from testkit.databases import Cluster
from testkit.pump import outbox_rows
from testkit.toys import Sung, ToyTold, work

NEVER = (3600.0, 3600.0)


@pytest.fixture
def broker() -> MemoryBroker:
    listening = topology.of_service(
        "kit", commands=1, replies=False, event_types=[ToyTold.type, Sung.type]
    )
    return MemoryBroker([topology.shared(), listening])


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.url("kit")


@pytest.fixture
async def unsent(database: Database, url: str) -> AsyncIterator[Unsent]:
    connection = await asyncpg.connect(url)
    yield Unsent(connection)
    await connection.close()


async def tell(database: Database, texts: Iterable[str], subject: str | None = None) -> None:
    """Commit events in one unit of work, each about its text unless a subject is given."""
    async with database.unit_of_work() as uow:
        for text in texts:
            emit(uow, ToyTold(text=text), subject=subject or text)


def arrived(broker: MemoryBroker) -> list[tuple[str, str]]:
    """Return subject and text of the events that the broker took, in order, repeats left out."""
    found = []
    for publication in broker.published:
        for raw in cloudevents.unpack(publication.body, publication.content_type):
            read = orjson.loads(raw)
            event = read["subject"], read["data"]["text"]
            if event not in found:
                found.append(event)
    return found


async def drained(unsent: Unsent, broker: MemoryBroker, *, page: int = 1000) -> None:
    """Carry what there is."""
    drain = Drain(unsent, Undeliverable(), service="kit", page=page)
    drain.start(await broker.publisher())
    while await drain.step():
        pass


async def empty(database: Database) -> bool:
    return await outbox_rows(database) == []


async def two_are_left(database: Database) -> bool:
    return len(await outbox_rows(database)) == 2


async def test_events_arrive_packed_and_in_their_order(
    database: Database, broker: MemoryBroker, unsent: Unsent
) -> None:
    texts = [f"{n:03}" for n in range(500)]
    await tell(database, texts, subject="a")
    await drained(unsent, broker)
    assert arrived(broker) == [("a", text) for text in texts]
    assert [publication.content_type for publication in broker.published] == [cloudevents.BATCH] * 3
    assert await empty(database)


async def test_a_lone_event_costs_two_statements_and_one_frame(
    database: Database, broker: MemoryBroker, unsent: Unsent
) -> None:
    await tell(database, ["alone"])
    await drained(unsent, broker)
    assert unsent.statements == 2
    assert [publication.content_type for publication in broker.published] == [cloudevents.SINGLE]


async def test_its_statement_is_planned_once_along_the_key_and_hashes_what_it_leaves_out(
    database: Database, url: str
) -> None:
    connection = await asyncpg.connect(url, server_settings=SESSION)
    unsent = Unsent(connection)
    for known in ([], [1], [1, 2, 3]):
        await unsent.read_on(confirmed=known, under_way=known, blocked=["a"], after=0, limit=9)
    made = await connection.fetchrow(
        "SELECT name, generic_plans, custom_plans FROM pg_prepared_statements"
        " WHERE starts_with(ltrim(statement, E'\\n'), $1)",
        "WITH confirmed AS",
    )
    assert (made["generic_plans"], made["custom_plans"]) == (3, 0)
    explain = f"EXPLAIN EXECUTE {made['name']} ('{{1}}', 0, '{{1}}', '{{a}}', 9)"
    found = await connection.fetch(explain)
    plan = "\n".join(line for (line,) in found)
    assert plan.count("Index Scan using outbox_pkey") == 2
    assert plan.count("(hashed SubPlan") == 3
    assert "Sort" not in plan
    await connection.close()


async def test_ten_thousand_events_cost_a_statement_a_page_and_a_frame_a_pack(
    database: Database, broker: MemoryBroker, unsent: Unsent
) -> None:
    before = database.statements
    for start in range(0, 10_000, 1000):
        await tell(database, [str(n) for n in range(start, start + 1000)])
    assert database.statements - before == 10
    assert len(await outbox_rows(database)) == 10_000 / 200
    await drained(unsent, broker, page=10)
    assert unsent.statements <= 5 + 2
    assert len(broker.published) == 10_000 / 200
    assert await empty(database)


async def test_an_event_whose_commit_is_late_is_sent_in_its_subjects_order(
    database: Database, broker: MemoryBroker, unsent: Unsent
) -> None:
    drain = Drain(unsent, Undeliverable(), service="kit", page=5)
    drain.start(await broker.publisher())
    async with database.unit_of_work() as late:
        await late.execute(
            "INSERT INTO outbox (event_id, exchange, routing_key, subject, body)"
            " VALUES (gen_random_uuid(), 'kit.events', $1, 'late', $2)",
            ToyTold.type,
            b'{"subject": "late", "data": {"text": "first"}}',
        )
        for n in range(40):
            await tell(database, [str(n)])
            await drain.step()
        assert len(arrived(broker)) > 30
    await tell(database, ["second"], subject="late")
    while await drain.step():
        pass
    late_ones = [text for subject, text in arrived(broker) if subject == "late"]
    assert late_ones == ["first", "second"]
    assert await empty(database)


async def test_trouble_with_the_broker_loses_nothing_and_keeps_the_order(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    publications = 0

    def fall_over(_: Publication) -> None:
        nonlocal publications
        publications += 1
        if publications in (2, 3, 7):
            raise BrokerUnavailableError("cut")

    broker.on_publish = broker.on_confirm = fall_over
    texts = [f"{n:04}" for n in range(1500)]
    async with running(Relay(database, broker, url).run()):
        for start in range(0, 1500, 300):
            await tell(database, texts[start : start + 300], subject="a")
        await until(lambda: empty(database))
    assert publications > 7
    assert arrived(broker) == [("a", text) for text in texts]


async def test_trouble_with_postgresql_loses_nothing_and_keeps_the_order(
    database: Database, cluster: Cluster, broker: MemoryBroker, url: str
) -> None:
    texts = [str(n) for n in range(100)]
    async with running(Relay(database, broker, url).run()):
        for text in texts:
            await tell(database, [text], subject="a")
            if int(text) % 40 == 39:
                await cluster.as_superuser(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                    " AND database = (SELECT oid FROM pg_database"
                    " WHERE datname = current_database())"
                )
        await until(lambda: empty(database))
    assert arrived(broker) == [("a", text) for text in texts]


async def test_a_command_to_nobody_holds_its_subject_until_somebody_is_there(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    broker.delete_queue("kit.commands")
    declared, broker._declare = broker._declare, ()
    async with running(Relay(database, broker, url).run()):
        async with database.unit_of_work() as uow:
            emit(uow, work("first"), subject="sick")
            emit(uow, ToyTold(text="1"), subject="well")
        await until(lambda: ("well", "1") in arrived(broker))
        async with database.unit_of_work() as uow:
            emit(uow, work("second"), subject="sick")
            emit(uow, ToyTold(text="2"), subject="well")
        await until(lambda: ("well", "2") in arrived(broker))
        await until(lambda: two_are_left(database))
        for part in declared:
            broker.declare(part)
        await until(lambda: empty(database))
    waiting = [publication.publication for publication in broker.queues["kit.commands"]]
    texts = [
        orjson.loads(raw)["data"]["text"]
        for one in waiting
        for raw in cloudevents.unpack(one.body, one.content_type)
    ]
    assert texts == ["first", "second"]


async def test_a_message_to_an_unknown_exchange_holds_only_its_subject(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    async with database.unit_of_work() as uow:
        await uow.execute(
            "INSERT INTO outbox (event_id, exchange, routing_key, subject, body)"
            " VALUES (gen_random_uuid(), 'nowhere', 'x', 'sick', '{}')"
        )
    await tell(database, [str(n) for n in range(300)])
    await tell(database, ["behind"], subject="sick")
    async with running(Relay(database, broker, url).run()):
        await until(lambda: len(arrived(broker)) == 300)
        await tell(database, ["later"])
        await until(lambda: ("later", "later") in arrived(broker))
        await until(lambda: two_are_left(database))


class NotingWakeUp(WakeUp):
    """Writes down how long it was waited for at the most."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: list[float] = []

    async def wait(self, timeout_seconds: float) -> bool:
        self.limits.append(timeout_seconds)
        return await super().wait(timeout_seconds)


async def test_what_was_sent_is_deleted_with_the_next_commit_or_a_moment_later(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    database.wake_up = waited = NotingWakeUp()
    async with running(Relay(database, broker, url, polls=NEVER).run()):
        await until(lambda: waited.limits == [NEVER[0]])
        await tell(database, ["alone"])
        await until(lambda: empty(database))
        await until(lambda: waited.limits == [NEVER[0], NEWS_SECONDS, NEVER[0]])


async def test_only_one_relay_works_and_another_takes_over(
    database: Database, cluster: Cluster, broker: MemoryBroker, url: str
) -> None:
    second = await Database.open(url, name="kit", pool_size=2)
    try:
        async with running(Relay(second, broker, url).run()):
            async with running(Relay(database, broker, url).run()):
                for n in range(20):
                    await tell(database if n % 2 else second, [str(n)])
                await until(lambda: empty(database))
            await tell(database, ["after the first has gone"])
            await until(lambda: empty(database))
    finally:
        await second.close()
    assert len(broker.published) == len(set(broker.published))
    assert len(arrived(broker)) == 21


async def test_a_commit_in_this_process_rings_the_relays_bell(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    async with running(Relay(database, broker, url, polls=NEVER).run()):
        for n in range(3):
            await tell(database, [str(n)])
            await until(lambda n=n: (str(n), str(n)) in arrived(broker))


async def test_a_commit_in_an_api_process_rings_it_by_notify(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    api = await Database.open(url, name="kit", pool_size=2)
    try:
        async with running(
            Relay(database, broker, url, polls=NEVER).run(), RemoteWaker(api, url).run()
        ):
            await tell(database, ["the relay is there"])
            await until(lambda: empty(database))
            for n in range(3):
                await tell(api, [str(n)])
                await until(lambda n=n: (str(n), str(n)) in arrived(broker))
    finally:
        await api.close()


async def test_a_commit_beside_an_idle_relay_rings_the_working_one(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    other = await Database.open(url, name="kit", pool_size=2)
    try:
        async with running(Relay(database, broker, url, polls=NEVER).run()):
            await tell(database, ["this one is first"])
            await until(lambda: empty(database))
            async with running(Relay(other, broker, url, polls=NEVER).run()):
                for n in range(3):
                    await tell(other, [str(n)])
                    await until(lambda n=n: (str(n), str(n)) in arrived(broker))
    finally:
        await other.close()


async def test_without_any_bell_the_poll_finds_it(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    async with running(Relay(database, broker, url).run()):
        await tell(database, ["the relay is there"])
        await until(lambda: empty(database))
        async with database.read() as connection:  # nobody is woken for this one
            await connection.execute(
                "INSERT INTO outbox (event_id, exchange, routing_key, subject, body)"
                " VALUES (gen_random_uuid(), 'kit.events', 'x', '1', '{}')"
            )
        await until(lambda: empty(database))


async def test_an_idle_relay_draws_no_transaction_ids(database: Database, url: str) -> None:
    connection = await asyncpg.connect(url)
    drawn = []
    for is_idle in (True, False):
        if not is_idle:
            await tell(database, ["something"])
        async with connection.transaction():
            await Unsent(connection).read_on(
                confirmed=[], under_way=[], blocked=(), after=0, limit=10
            )
            drawn.append(await connection.fetchval("SELECT pg_current_xact_id_if_assigned()"))
    await connection.close()
    assert drawn[0] is None
    assert drawn[1] is not None


async def test_subjects_keep_their_order_through_many_writers(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    """Each writer holds a lock on its subject while it writes, as services do."""

    async def write(subject: str, text: str) -> None:
        async with database.unit_of_work() as uow:
            await uow.execute("SELECT pg_advisory_xact_lock(hashtext($1))", subject)
            emit(uow, ToyTold(text=text), subject=subject)
            written[subject].append(text)

    written: dict[str, list[str]] = defaultdict(list)
    async with running(Relay(database, broker, url).run()):
        for n in range(30):
            await asyncio.gather(*(write(f"s{k % 4}", f"{n}.{k}") for k in range(8)))
        await until(lambda: empty(database))
    by_subject: dict[str, list[str]] = defaultdict(list)
    for subject, text in arrived(broker):
        by_subject[subject].append(text)
    assert by_subject == written


async def test_a_relay_that_found_no_broker_is_there_as_soon_as_that_is(
    database: Database, broker: MemoryBroker, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.tasks.backoff", lambda: repeat(3600.0))
    broker.is_down = True
    await tell(database, ["first"])
    with capture_logs() as logged:
        async with running(Relay(database, broker, url).run()):
            await until(lambda: "loop_restarts" in [one["event"] for one in logged])
            broker.is_down = False
            await until(lambda: empty(database))


def counted(what: str) -> float:
    return REGISTRY.get_sample_value(f"saldo_outbox_{what}_total", {"service": "kit"}) or 0


async def test_what_the_broker_has_confirmed_is_counted_for_its_service(
    database: Database, broker: MemoryBroker, url: str
) -> None:
    events, messages = counted("published"), counted("messages")
    await tell(database, ["one", "two", "three"])
    async with running(Relay(database, broker, url).run()):
        await until(lambda: empty(database))
    assert (counted("published"), counted("messages")) == (events + 3, messages + 1)
