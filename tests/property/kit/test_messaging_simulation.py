"""Outbox, relay, broker, inbox, letters: all of it, on bad days, by seed.

The tables are real; broker, faults and the order of events are the seed's. The drain alone, which
needs no table, is tried with many more seeds in test_drain_simulation.py.
"""

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from random import Random

import asyncpg
import pytest

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.messaging import inbox, topology
from kit.messaging.broker import BrokerUnavailableError, Publication
from kit.messaging.consumer import Consumer
from kit.messaging.drain import Drain
from kit.messaging.messages import Envelope
from kit.messaging.outbox import Unsent, emit
from kit.messaging.retries import Retries
from kit.messaging.routes import by_type
from kit.messaging.undeliverable import Undeliverable
from testkit.broker import MemoryBroker
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.pump import outbox_rows
from testkit.toys import Work, work

SEEDS = int(os.environ.get("SALDO_SIMULATION_SEEDS", "400")) // 10
QUEUE = "kit.commands"
SUBJECTS = "abcd"
_HAS_HAPPENED = "SELECT EXISTS (SELECT FROM happened WHERE text = $1)"


class World:
    """One service that commands itself, through a broker that loses, repeats and delays."""

    def __init__(
        self, seed: int, database: Database, unsent: Unsent, *, is_repeatable: bool
    ) -> None:
        self.random = Random(seed)
        self.database = database
        assert isinstance(database.clock, FakeClock)
        self.clock = database.clock
        self.is_calm = False
        self.broken: set[str] = set()
        self.written: dict[str, list[str]] = defaultdict(list)
        own = topology.of_service("kit", commands=1, replies=False, event_types=[])
        self.broker = MemoryBroker([topology.shared(), own])
        self.broker.on_publish = self.broker.on_confirm = self._maybe_cut
        self.drain = Drain(
            unsent, Undeliverable(), service="kit", page=self.random.choice((2, 5, 100))
        )
        self.knows_repeats = is_repeatable
        self.consumer = Consumer(
            database,
            self.broker,
            QUEUE,
            by_type({Work: self.handle}),
            unknown_is_fine=False,
            is_repeatable=is_repeatable,
        )
        self.retries = Retries(database, self.consumer.reader)

    def happens(self, chance: float) -> bool:
        return not self.is_calm and self.random.random() < chance

    def _maybe_cut(self, _: Publication) -> None:
        if self.happens(0.05):
            raise BrokerUnavailableError("cut")

    async def handle(self, uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            assert isinstance(envelope.message, Work)
            text = envelope.message.text
            if self.knows_repeats and await uow.fetchval(_HAS_HAPPENED, text):
                continue
            await uow.execute("INSERT INTO happened VALUES ($1, $2)", envelope.subject, text)
            if text in self.broken:
                raise LookupError(text)
        if self.happens(0.05):
            await uow.execute("DO $$ BEGIN RAISE 'x' USING ERRCODE = '40P01'; END $$")

    async def write(self) -> None:
        """Command something, sometimes several things at once, sometimes what can't be done yet."""
        async with self.database.unit_of_work() as uow:
            for _ in range(self.random.choice((1, 1, 5))):
                subject = self.random.choice(SUBJECTS)
                text = f"{subject}{len(self.written[subject])}"
                self.written[subject].append(text)
                emit(uow, work(text), subject=subject)
                if self.happens(0.05):
                    self.broken.add(text)

    async def carry(self) -> None:
        try:
            await self.drain.step()
        except BrokerUnavailableError:
            await self.begin()

    async def begin(self) -> None:
        self.drain.start(await self.broker.publisher())

    async def consume(self) -> None:
        """Handle what waits; sometimes the acknowledgement is lost."""
        if not self.broker.queues[QUEUE]:
            return
        subscription = await self.broker.subscribe(QUEUE, prefetch=self.random.choice((1, 4, 100)))
        deliveries = await subscription.take(100)
        await self.consumer.handle(deliveries)
        if not self.happens(0.3):
            await subscription.ack_through(deliveries[-1].tag)
        await subscription.close()

    async def repeat(self) -> None:
        """Deliver something once more, long after."""
        if self.broker.published:
            self.broker.put(QUEUE, self.random.choice(self.broker.published))

    async def retry(self) -> None:
        self.clock.advance(self.random.choice((1, 10)))
        await self.retries.retry_due()

    async def repair(self) -> None:
        if self.broken:
            self.broken.remove(self.random.choice(sorted(self.broken)))

    async def live(self, steps: int) -> None:
        acts = (self.write, self.carry, self.consume, self.repeat, self.retry, self.repair)
        await self.begin()
        for _ in range(steps):
            (act,) = self.random.choices(acts, (6, 8, 6, 2, 2, 1))
            await act()

    async def settle(self) -> None:
        """Let everything come to its end."""
        self.is_calm = True
        self.broken.clear()
        while await outbox_rows(self.database):
            await self.carry()
        while self.broker.queues[QUEUE]:
            await self.consume()
        self.clock.advance(301)
        while await self.retries.retry_due():
            self.clock.advance(301)


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(cluster: Cluster, clock: FakeClock) -> AsyncIterator[Database]:
    async with cluster.database("kit", clock=clock, pool_size=2) as database:
        await cluster.as_superuser(
            "CREATE TABLE IF NOT EXISTS kit.happened (subject text, text text,"
            " at bigserial); GRANT ALL ON kit.happened, kit.happened_at_seq TO kit"
        )
        yield database


@pytest.fixture
async def unsent(cluster: Cluster) -> AsyncIterator[Unsent]:
    connection = await asyncpg.connect(
        cluster.url("kit"), server_settings={"synchronous_commit": "off"}
    )
    yield Unsent(connection)
    await connection.close()


async def happened(database: Database) -> dict[str, list[str]]:
    async with database.read() as connection:
        rows = await connection.fetch("SELECT subject, text FROM happened ORDER BY at")
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row["subject"]].append(row["text"])
    return found


@pytest.mark.parametrize("is_repeatable", [False, True])
@pytest.mark.parametrize("block", range(4))
async def test_every_committed_message_has_one_effect_in_its_subjects_order(
    database: Database, unsent: Unsent, cluster: Cluster, block: int, *, is_repeatable: bool
) -> None:
    await inbox.maintain(database)
    for seed in range(block, SEEDS, 4):
        await cluster.as_superuser("TRUNCATE kit.outbox, kit.inbox, kit.letter, kit.happened")
        world = World(seed, database, unsent, is_repeatable=is_repeatable)
        await world.live(60)
        await world.settle()
        assert await happened(database) == world.written, f"seed {seed}"
        async with database.read() as connection:
            assert await connection.fetchval("SELECT count(*) FROM letter") == 0, f"seed {seed}"
