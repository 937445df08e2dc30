"""PostgreSQL ends the connections that relays and ringers keep for themselves, again and again."""

from itertools import repeat

import pytest

from kit.db.database import Database
from kit.db.losses import ConnectionLostError
from kit.messaging import topology
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
    listening = topology.of_service("kit", commands=1, replies=False, event_types=[ToyTold.type])
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
