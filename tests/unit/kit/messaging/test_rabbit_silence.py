"""A RabbitMQ that says nothing is given up after a while, whatever it was asked."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aio_pika
import pytest

from kit.messaging import rabbit
from kit.messaging.broker import BrokerUnavailableError
from kit.messaging.rabbit import RabbitBroker

from .scripted import Published, scripted, silent
from .test_rabbit import ONE, QUEUE, Channel, Connection, never, publisher, raising, subscribed

A_MOMENT = 0.01
LONG = 5.0


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT", "CONFIRM"):
        monkeypatch.setattr(rabbit, f"{name}_TIMEOUT_SECONDS", A_MOMENT)


@pytest.fixture
def broker_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RabbitBroker]:
    """Return what makes a broker whose server is a made-up connection, or none that answers."""

    def at(connection: Connection | None) -> RabbitBroker:
        async def connect(*_: object, **__: object) -> Connection:
            return connection or await never()

        monkeypatch.setattr(aio_pika, "connect", connect)
        return RabbitBroker("amqp://nowhere", [QUEUE])

    return at


async def refused(work: Awaitable[Any]) -> str:
    """Return what is said of a broker that is given up."""
    with pytest.raises(BrokerUnavailableError) as told:
        async with asyncio.timeout(LONG):
            await work
    assert isinstance(told.value.__cause__, TimeoutError)
    return str(told.value)


async def test_a_publication_for_which_the_broker_is_never_ready_is_given_up() -> None:
    said = await refused(publisher(Channel({"ready": never})).publish([ONE]))
    assert said == "publish: TimeoutError()"


async def test_a_publication_that_nobody_confirms_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rabbit, "CONNECT_TIMEOUT_SECONDS", LONG)
    async with scripted({Published: silent}) as there:
        client = RabbitBroker(there.url)
        said = await refused((await client.publisher()).publish([ONE]))
        assert said == "publish: TimeoutError()"
        assert len(there.published) == 1
        await client.close()


@pytest.mark.parametrize("silent", ["qos", "consume"])
async def test_a_queue_that_can_not_be_subscribed_to_is_given_up(
    silent: str, broker_at: Callable[..., RabbitBroker]
) -> None:
    broker = broker_at(Connection({silent: never}))
    said = await refused(broker.subscribe("queue", prefetch=1))
    assert said == "subscribe queue: TimeoutError()"


@pytest.mark.parametrize("connection", [None, Connection], ids=["no server", "no declaration"])
async def test_a_server_that_does_not_answer_is_given_up(
    connection: type[Connection] | None, broker_at: Callable[..., RabbitBroker]
) -> None:
    made = connection({"declare": never}) if connection else None
    assert await refused(broker_at(made).ping()) == "connect: TimeoutError()"


async def test_what_does_not_close_is_left(broker_at: Callable[..., RabbitBroker]) -> None:
    connection = Connection({"close connection": never})
    broker = broker_at(connection)
    async with asyncio.timeout(LONG):
        await broker.ping()
        await broker.close()
    assert connection.is_closed


@pytest.mark.parametrize("name", ["ready", "declare"])
async def test_trouble_is_told_with_what_was_being_done(name: str) -> None:
    fail = raising(ConnectionResetError("gone"))
    subscription, channel = await subscribed(**{name: fail})
    work: Callable[[], Awaitable[Any]]
    work, said = {
        "ready": (lambda: publisher(channel).publish([ONE]), "publish"),
        "declare": (lambda: subscription.take(1), "watchdog"),
    }[name]
    with pytest.raises(BrokerUnavailableError, match=rf"^{said}: ConnectionResetError\('gone'\)$"):
        await work()
