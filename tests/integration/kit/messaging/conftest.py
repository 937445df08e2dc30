"""A broker, in memory or real, with a topology of its own that is gone after the test."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import aiormq
import pytest

from kit.db.database import Database
from kit.ids import new_id
from kit.messaging import inbox
from kit.messaging.broker import Broker
from kit.messaging.rabbit import RabbitBroker
from kit.messaging.topology import BrokerExchange, Queue, Topology, working_queue
from testkit.broker import MemoryBroker
from testkit.databases import Cluster
from testkit.proxy import Proxy

from .effects import Effects


class Rig(Protocol):
    """A broker under test and what can be done to it from outside."""

    names: "Names"

    @property
    def broker(self) -> Broker:
        """The broker."""

    async def delete_queue(self, name: str) -> None:
        """Have an operator delete a queue."""

    async def cut(self) -> None:
        """Break every connection that the broker object has open."""

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be out of reach."""


class Names:
    """Exchanges and queues of one test."""

    def __init__(self) -> None:
        mine = f"conformance-{new_id().hex[-12:]}"
        self.direct, self.topic = f"{mine}.direct", f"{mine}.topic"
        self.fanout, self.dead_exchange = f"{mine}.unrouted", f"{mine}.dead"
        self.queue, self.other = f"{mine}.queue", f"{mine}.other"
        self.unrouted, self.dead = f"{mine}.nobody", f"{mine}.buried"

    @property
    def topology(self) -> Topology:
        """Return what the service under test would declare."""
        return Topology(
            exchanges=(
                BrokerExchange(self.direct, "direct"),
                BrokerExchange(self.topic, "topic", {"alternate-exchange": self.fanout}),
                BrokerExchange(self.fanout, "fanout"),
                BrokerExchange(self.dead_exchange, "direct"),
            ),
            queues=(
                working_queue(
                    self.queue,
                    ((self.direct, "one"), (self.topic, "told")),
                    dead=self.dead_exchange,
                    delivery_limit=3,
                ),
                Queue(self.other, ((self.direct, "two"),), {"x-queue-type": "quorum"}),
                Queue(self.unrouted, ((self.fanout, ""),), {"x-queue-type": "quorum"}),
                Queue(self.dead, ((self.dead_exchange, self.queue),), {"x-queue-type": "quorum"}),
            ),
        )


class MemoryRig:
    """The broker in memory."""

    def __init__(self) -> None:
        self.names = Names()
        self.broker = MemoryBroker([self.names.topology])

    async def delete_queue(self, name: str) -> None:
        self.broker.delete_queue(name)

    async def cut(self) -> None:
        self.broker.cut()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.broker.is_down = True
        yield
        self.broker.is_down = False


class RabbitRig:
    """RabbitMQ behind a proxy that can be cut."""

    def __init__(self, url: str, proxy: Proxy) -> None:
        self.names = Names()
        self.proxy = proxy
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        near = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))
        self.broker = RabbitBroker(near, [self.names.topology])
        self._url = url

    async def delete_queue(self, name: str) -> None:
        async with aiormq.connect(self._url) as connection:
            await (await connection.channel()).queue_delete(name)

    async def cut(self) -> None:
        await self.proxy.cut()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.proxy.refuses = True
        yield
        self.proxy.refuses = False

    async def close(self) -> None:
        await self.broker.close()
        async with aiormq.connect(self._url) as connection:
            for queue in self.names.topology.queues:
                await (await connection.channel()).queue_delete(queue.name)
            for exchange in self.names.topology.exchanges:
                await (await connection.channel()).exchange_delete(exchange.name)


@pytest.fixture(params=["memory", "rabbitmq"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    if request.param == "memory":
        yield MemoryRig()
        return
    url = os.environ["SALDO_TEST_RABBITMQ"]
    parts = urlsplit(url)
    async with Proxy(parts.hostname or "127.0.0.1", parts.port or 5672) as proxy:
        made = RabbitRig(url, proxy)
        yield made
        with suppress(asyncio.CancelledError):
            await made.close()


@pytest.fixture
async def effects(cluster: Cluster, database: Database) -> Effects:
    made = await Effects.make(cluster, database)
    await inbox.maintain(database)
    await cluster.as_superuser("TRUNCATE kit.effect")
    return made
