"""PostgreSQL ends the connections that relays and ringers keep for themselves, again and again."""

from itertools import repeat

import asyncpg
import pytest

from kit.db.database import Database
from kit.db.losses import ConnectionLostError
from kit.messaging import relay, topology
from kit.messaging.relay import Relay, RemoteWaker
from kit.tasks import all_of
from testkit.broker import MemoryBroker
from testkit.conditions import running, until
from testkit.databases import Cluster
from testkit.pump import outbox_rows
from testkit.toys import ToyTold

from .test_relay import NEVER, arrived, tell

ENDS = 10


@pytest.fixture
def broker() -> MemoryBroker:
    listening = topology.of_service("kit", commands=True, replies=False, event_types=[ToyTold.type])
    return MemoryBroker([topology.shared(), listening])


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.url("kit")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.tasks.backoff", lambda: repeat(0.01))


async def test_a_relay_hears_the_bell_of_other_processes_again(
    database: Database, cluster: Cluster, broker: MemoryBroker, url: str
) -> None:
    """Nothing polls here: what a new connection did not listen for would never arrive."""
    api = await Database.open(url, name="kit", pool_size=2)
    try:
        async with running(
            Relay(database, broker, url, polls=NEVER).run(), RemoteWaker(api, url).run()
        ):
            for n in range(ENDS):
                await tell(api, [f"before {n}"])
                await until(lambda n=n: (f"before {n}",) * 2 in arrived(broker))
                await cluster.end_connections("kit")
                await tell(api, [f"after {n}"])
                await until(lambda n=n: (f"after {n}",) * 2 in arrived(broker))
    finally:
        await api.close()


async def test_a_waker_with_nothing_to_pass_on_notices_that_its_connection_has_ended(
    database: Database, cluster: Cluster, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LAST_POLL_SECONDS", 0.01)
    seen = await _asking(cluster)

    async def is_back() -> bool:
        return not seen.issuperset(await _asking(cluster))

    async with running(RemoteWaker(database, url).run()):
        for _ in range(2):
            await until(is_back)
            seen |= await _asking(cluster)
            await cluster.end_connections("kit")


async def _asking(cluster: Cluster) -> set[int]:
    """Return the sessions that only ask whether PostgreSQL is there."""
    connection = await asyncpg.connect(cluster.url())
    rows = await connection.fetch(
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = 'kit' AND query = 'SELECT 1'"
    )
    await connection.close()
    return {row["pid"] for row in rows}


async def test_of_two_relays_whose_connections_end_one_works_and_keeps_the_order(
    database: Database, cluster: Cluster, broker: MemoryBroker, url: str
) -> None:
    other = await Database.open(url, name="kit", pool_size=2)
    texts = [f"{n:03}" for n in range(300)]

    async def tell_all() -> None:
        for text in texts:
            while True:  # what was perhaps told is told again, and arrives as one
                try:
                    await tell(database, [text], subject="a")
                except ConnectionLostError:
                    continue
                break

    async def end_them() -> None:
        for n in range(ENDS):
            await until(lambda n=n: len(arrived(broker)) >= n * 20)
            await cluster.end_connections("kit")

    try:
        async with running(Relay(database, broker, url).run(), Relay(other, broker, url).run()):
            await all_of([tell_all(), end_them()])
            await until(lambda: _is_empty(database))
    finally:
        await other.close()
    assert arrived(broker) == [("a", text) for text in texts]


async def _is_empty(database: Database) -> bool:
    return await outbox_rows(database) == []
