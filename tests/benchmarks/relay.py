"""The outbox relay beside bare aio-pika: the same events, one message each, pipelined confirms."""

import asyncio
import time
from typing import ClassVar

import aio_pika

from kit.db.database import Database
from kit.ids import new_id
from kit.messaging import topology
from kit.messaging.messages import Event
from kit.messaging.outbox import emit
from kit.messaging.rabbit import RabbitBroker
from kit.messaging.relay import Relay
from kit.tasks import spawn, stop
from testkit.databases import Cluster
from testkit.pump import outbox_rows

WINDOW = 300
UNIT = 100  # events of one unit of work
QUEUE = "bench.relay"


class Sold(Event):
    """An event about as large as those of wallet."""

    type: ClassVar[str] = "kit.sold.v1"
    what: str = "a thing with a description that is about as long as they usually are"
    amount_minor: int = 12345
    currency: str = "RUB"


def _topology() -> topology.Topology:
    return topology.Topology(
        (topology.BrokerExchange("kit.events", "topic"),),
        (topology.working_queue(QUEUE, (("kit.events", "#"),)),),
    )


async def relayed(cluster: Cluster, rabbitmq_url: str, count: int) -> float:
    """Return events per second, from the first read to the last row deleted."""
    async with cluster.database("kit") as database:
        await _fill(database, count)
        broker = RabbitBroker(rabbitmq_url, [_topology()])
        await broker.ping()
        began = time.perf_counter()
        relay = spawn(Relay(database, broker, cluster.url("kit")).run(), "relay")
        while await _waiting(database):
            await asyncio.sleep(0.01)
        took = time.perf_counter() - began
        await stop([relay])
        await broker.close()
        return count / took


async def _fill(database: Database, count: int) -> None:
    for _ in range(count // UNIT):
        async with database.unit_of_work() as uow:
            for _ in range(UNIT):
                emit(uow, Sold(), subject=str(new_id()), sequence=1)


async def _waiting(database: Database) -> bool:
    async with database.read() as connection:
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"))


async def bare(cluster: Cluster, rabbitmq_url: str, count: int) -> float:
    """Return events per second of a plain publisher that already holds the encoded events."""
    async with cluster.database("kit") as database:
        await _fill(database, UNIT)
        bodies = [one for row in await outbox_rows(database) for one in row.messages()]
    broker = RabbitBroker(rabbitmq_url, [_topology()])
    await broker.ping()
    await broker.close()
    connection = await aio_pika.connect(rabbitmq_url)
    channel = await connection.channel(publisher_confirms=True)
    exchange = await channel.get_exchange("kit.events", ensure=False)
    began = time.perf_counter()
    for at in range(0, count, WINDOW):
        messages = [
            aio_pika.Message(bodies[n % UNIT], delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            for n in range(at, min(at + WINDOW, count))
        ]
        await asyncio.gather(*(exchange.publish(one, "kit.sold.v1") for one in messages))
    took = time.perf_counter() - began
    await connection.close()
    return count / took
