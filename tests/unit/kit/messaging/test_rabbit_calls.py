"""What RabbitMQ is asked for, word by word, by a channel that writes it down."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aio_pika
import pytest

from kit.messaging import rabbit
from kit.messaging.broker import BrokerUnavailableError
from kit.messaging.rabbit import RabbitBroker, RabbitSubscription
from kit.messaging.topology import BrokerExchange, Queue, Topology
from kit.messaging.wire import WiredConnection

from .test_rabbit import Channel, Connection

WANTED = Topology(
    (BrokerExchange("exchange", "topic", {"alternate-exchange": "other"}),),
    (Queue("queue", (("exchange", "key"),), {"x-queue-type": "quorum"}),),
)


class WritingChannel(Channel):
    """Writes down what it is asked for."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: list[tuple[Any, ...]] = []

    async def basic_qos(self, **named: object) -> None:
        self.asked.append(("qos", (), named))

    async def basic_consume(self, queue: str, callback: Callable[[Any], Awaitable[None]]) -> Any:
        self.asked.append(("consume", (queue,), {}))
        return await super().basic_consume(queue, callback)

    async def queue_declare(self, *words: object, **named: object) -> Any:
        self.asked.append(("queue", words, named))
        return await super().queue_declare()

    async def exchange_declare(self, *words: Any, **named: object) -> None:
        self.asked.append(("exchange", words, named))


class WritingConnection(Connection):
    """Opens channels that write down what they are asked for, and how they were opened."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.opened: list[dict[str, object]] = []

    async def _channel(self, **named: object) -> Channel:
        self.opened.append(named)
        self.channels.append(WritingChannel())
        return self.channels[-1]


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> Callable[[Connection], list[Any]]:
    """Return what has aio_pika connect to a made-up server, and the calls of it."""

    def to(connection: Connection) -> list[Any]:
        calls: list[Any] = []

        async def connect(*words: object, **named: object) -> Connection:
            calls.append((words, named))
            return connection

        monkeypatch.setattr(aio_pika, "connect", connect)
        return calls

    return to


async def test_what_is_declared_outlives_the_broker(
    connected: Callable[[Connection], list[Any]],
) -> None:
    connection = WritingConnection()
    calls = connected(connection)
    await RabbitBroker("amqp://there", [WANTED]).ping()
    options = {"heartbeat": rabbit.HEARTBEAT_SECONDS, "connection_class": WiredConnection}
    assert calls == [(("amqp://there",), options)]
    declaring = connection.channels[0]
    assert isinstance(declaring, WritingChannel)
    assert declaring.asked == [
        (
            "exchange",
            ("exchange",),
            {
                "exchange_type": "topic",
                "durable": True,
                "arguments": {"alternate-exchange": "other"},
            },
        ),
        ("queue", ("queue",), {"durable": True, "arguments": {"x-queue-type": "quorum"}}),
    ]


async def test_only_what_publishes_asks_for_confirms(
    connected: Callable[[Connection], list[Any]],
) -> None:
    connection = WritingConnection()
    connected(connection)
    broker = RabbitBroker("amqp://there")
    await broker.publisher()
    await broker.publisher()
    await broker.subscribe("queue", prefetch=7)
    confirms = [one["publisher_confirms"] for one in connection.opened]
    assert confirms == [False, True] * 2 + [False, False]  # each after one to declare on
    consuming = connection.channels[-1]
    assert isinstance(consuming, WritingChannel)
    assert consuming.asked == [
        ("qos", (), {"prefetch_count": 7}),
        ("consume", ("queue",), {}),
    ]


async def test_a_queue_is_counted_without_being_declared() -> None:
    channel = WritingChannel()
    subscription = RabbitSubscription(channel, channel.wire, "queue", 0)
    await subscription.start(1)
    await subscription._watch()
    assert channel.asked[2:] == [("queue", ("queue",), {"passive": True, "timeout": 5})]


async def test_no_more_deliveries_are_taken_than_are_wanted() -> None:
    channel = Channel({})
    subscription = RabbitSubscription(channel, channel.wire, "queue", 0)
    await subscription.start(1)
    for body in (b"one", b"two", b"three"):
        channel.deliver(body)
    for wanted in ([b"one", b"two"], [b"three"]):
        assert [one.body for one in await subscription.take(2)] == wanted


async def test_a_subscription_asks_the_queue_as_soon_as_its_broker_says(
    connected: Callable[[Connection], list[Any]],
) -> None:
    async def count() -> Any:
        return SimpleNamespace(message_count=1)

    connected(Connection({"declare": count}))
    broker = RabbitBroker("amqp://there", watchdog_seconds=0)
    subscription = await broker.subscribe("queue", prefetch=1)
    with pytest.raises(BrokerUnavailableError, match="has messages and delivers none"):
        async with asyncio.timeout(5):
            await subscription.take(1)


async def test_a_broker_that_was_closed_connects_anew(
    connected: Callable[[Connection], list[Any]],
) -> None:
    connection = Connection()
    calls = connected(connection)
    broker = RabbitBroker("amqp://there")
    for _ in range(2):
        await broker.ping()
        await broker.close()
    assert connection.is_closed
    assert len(calls) == 2


@pytest.mark.parametrize("hanging", ["connect", "consume"])
async def test_a_cancellation_while_something_is_opened_stays_one(
    hanging: str, connected: Callable[[Connection], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun = asyncio.Event()

    async def hang(*_: object, **__: object) -> Any:
        has_begun.set()
        await asyncio.Event().wait()

    connected(Connection({"consume": hang}))
    if hanging == "connect":
        monkeypatch.setattr(aio_pika, "connect", hang)
    subscribing = asyncio.ensure_future(  # noqa: TID251 - awaited right here
        RabbitBroker("amqp://there").subscribe("queue", prefetch=1)
    )
    await has_begun.wait()
    subscribing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await subscribing
