"""What only RabbitMQ itself can show."""

import asyncio
import os
from collections.abc import AsyncIterator

import aiormq
import pytest

from kit.messaging.broker import BrokerUnavailableError, Publication
from kit.messaging.rabbit import RabbitBroker
from kit.messaging.topology import Queue, Topology
from testkit.conditions import running, until

from .conftest import Names

QUICK = 0.2


@pytest.fixture
async def names() -> AsyncIterator[Names]:
    made = Names()
    yield made
    async with aiormq.connect(os.environ["SALDO_TEST_RABBITMQ"]) as connection:
        for queue in made.topology.queues:
            await (await connection.channel()).queue_delete(queue.name)
        for exchange in made.topology.exchanges:
            await (await connection.channel()).exchange_delete(exchange.name)


@pytest.fixture
async def broker(names: Names) -> AsyncIterator[RabbitBroker]:
    url = os.environ["SALDO_TEST_RABBITMQ"]
    made = RabbitBroker(url, [names.topology], watchdog_seconds=QUICK)
    yield made
    await made.close()


async def publish(broker: RabbitBroker, names: Names) -> None:
    publisher = await broker.publisher()
    one = Publication(names.direct, "one", b"x", "text/plain", mandatory=True)
    await publisher.publish([one])
    await publisher.close()


async def test_a_consumer_to_which_nothing_is_delivered_gives_itself_up(
    broker: RabbitBroker, names: Names
) -> None:
    """Its prefetch is full of what nobody acknowledges: from its side, a broker gone silent."""
    subscription = await broker.subscribe(names.queue, prefetch=1)
    await publish(broker, names)
    await publish(broker, names)
    await subscription.take(10)
    with pytest.raises(BrokerUnavailableError, match="delivers none"):
        async with asyncio.timeout(10):
            await subscription.take(10)
    await subscription.close()


async def test_an_idle_consumer_goes_on_waiting(broker: RabbitBroker, names: Names) -> None:
    subscription = await broker.subscribe(names.queue, prefetch=1)
    taking = asyncio.gather(subscription.take(1))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5 * QUICK):
            await asyncio.shield(taking)
    await publish(broker, names)
    async with asyncio.timeout(10):
        ((delivery,),) = await taking
    assert delivery.body == b"x"
    await subscription.close()


async def test_a_queue_that_was_declared_otherwise_is_told(
    broker: RabbitBroker, names: Names
) -> None:
    await broker.ping()
    changed = Topology((), (Queue(names.queue, (), {"x-queue-type": "quorum"}),))
    other = RabbitBroker(os.environ["SALDO_TEST_RABBITMQ"], [changed])
    with pytest.raises(BrokerUnavailableError, match="inequivalent arg"):
        await other.publisher()
    await other.close()
    await broker.ping()


async def test_without_a_broker_there_is_an_error_and_nothing_to_close() -> None:
    nowhere = RabbitBroker("amqp://guest:guest@127.0.0.1:1/")
    with pytest.raises(BrokerUnavailableError):
        await nowhere.ping()
    await nowhere.close()


async def test_whoever_connects_tells_those_who_wait_for_the_broker(
    broker: RabbitBroker, names: Names
) -> None:
    told: list[int] = []

    async def wait(number: int) -> None:
        await broker.returned()
        told.append(number)

    async with running(wait(1), wait(2)):
        await asyncio.sleep(0)
        await broker.ping()
        await until(lambda: sorted(told) == [1, 2])
    async with running(wait(3)):
        await asyncio.sleep(0)
        await broker.ping()  # by the connection that is there
        assert told[2:] == []
        await publish(broker, names)  # by another one
        await until(lambda: told[2:] == [3])
