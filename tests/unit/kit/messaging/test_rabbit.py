"""What becomes of RabbitMQ's errors and silences, by a channel that has them on demand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aio_pika
import aiormq
import pytest

from kit.messaging.broker import BrokerUnavailableError, Publication, PublicationRefusedError
from kit.messaging.rabbit import RabbitBroker, RabbitPublisher, RabbitSubscription
from kit.messaging.topology import BrokerExchange, Queue, Topology
from kit.messaging.wire import BrokerWire

from .scripted import delivered

ONE = Publication("exchange", "key", b"x", "text/plain", mandatory=True)
QUEUE = Topology(
    (BrokerExchange("exchange", "direct"),), (Queue("queue", (("exchange", "key"),), {}),)
)
AN_HOUR = 3600.0
TROUBLES = [
    aiormq.exceptions.ChannelInvalidStateError("closed"),
    aiormq.exceptions.ConnectionClosed(320, "shutdown"),
    ConnectionResetError(),
    TimeoutError(),
    RuntimeError("closed"),
    asyncio.CancelledError(),  # as aiormq ends pending calls
]


class Channel:
    """A channel whose calls do what `on` says of them, and else succeed."""

    def __init__(self, on: dict[str, Callable[[], Awaitable[Any]]]) -> None:
        self.on = on
        self.calls: list[str] = []
        self.number = 1
        self.wire = BrokerWire(asyncio.StreamReader())
        self.connection = SimpleNamespace(
            ready=lambda: self._call("ready", None), connection_tune=SimpleNamespace(frame_max=0)
        )
        self.closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_consumer_cancel_callbacks: set[Callable[[object], Any]] = set()
        self.consumers: dict[str, Callable[[Any], Awaitable[None]]] = {}
        self.is_closed = False

    async def _call(self, name: str, answer: object) -> Any:
        self.calls.append(name)
        return await self.on[name]() if name in self.on else answer

    async def basic_qos(self, **_: object) -> None:
        await self._call("qos", None)

    async def basic_consume(self, _: str, callback: Callable[[Any], Awaitable[None]]) -> Any:
        self.consumers["tag"] = callback
        return await self._call("consume", SimpleNamespace(consumer_tag="tag"))

    async def queue_declare(self, *_: object, **__: object) -> Any:
        return await self._call("declare", SimpleNamespace(message_count=0))

    async def exchange_declare(self, name: str, **_: object) -> None:
        await self._call(f"declare {name}", None)

    async def queue_bind(self, queue: str, exchange: str, key: str) -> None:
        await self._call(f"bind {queue} to {exchange} by {key}", None)

    async def close(self) -> None:
        await self._call("close", None)
        self.is_closed = True

    def deliver(self, body: bytes = b"x") -> None:
        self.wire.data_received(delivered(self.number, body))


@dataclass
class Connection:
    """A connection whose channels do what `on` says."""

    on: dict[str, Callable[[], Awaitable[Any]]] = field(default_factory=dict)
    is_there: bool = True

    def __post_init__(self) -> None:
        self.connected = asyncio.Event()
        self.connected.set()
        self.channels: list[Channel] = []
        self.is_closed = False
        self.wire = BrokerWire(asyncio.StreamReader())

    @property
    def transport(self) -> Any:
        return SimpleNamespace(connection=SimpleNamespace(channel=self._channel))

    async def _channel(self, **_: object) -> Channel:
        self.channels.append(Channel(self.on))
        return self.channels[-1]

    async def close(self) -> None:
        self.is_closed = True
        if "close connection" in self.on:
            await self.on["close connection"]()


class Closed(Connection):
    """A connection that was closed while a channel was wanted."""

    transport = None


def raising(error: BaseException) -> Callable[[], Awaitable[Any]]:
    async def fail() -> Any:
        raise error

    return fail


def answering(answer: object) -> Callable[[], Awaitable[Any]]:
    async def give() -> Any:
        return answer

    return give


async def never() -> Any:
    await asyncio.Event().wait()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RabbitBroker]:
    """Return what makes a broker whose next connections are the given ones."""

    def broker(*connections: Connection, declare: Topology | None = None) -> RabbitBroker:
        left = list(connections)

        async def connect(*_: object, **__: object) -> Connection:
            return left.pop(0)

        monkeypatch.setattr(aio_pika, "connect", connect)
        return RabbitBroker("amqp://nowhere", [declare] if declare else [], watchdog_seconds=0)

    return broker


def publisher(channel: Channel) -> RabbitPublisher:
    """Return what publishes on a channel."""
    return RabbitPublisher(channel, channel.wire)


async def subscribed(
    *, patience: float = 0, **on: Callable[[], Awaitable[Any]]
) -> tuple[RabbitSubscription, Channel]:
    """Return a subscription whose patience ends at once, or when it is said, and its channel."""
    channel = Channel(on)
    subscription = RabbitSubscription(channel, channel.wire, "queue", patience)
    await subscription.start(1)
    return subscription, channel


@pytest.mark.parametrize("error", TROUBLES)
async def test_any_trouble_while_something_is_done_is_an_unavailable_broker(
    error: BaseException, connect: Callable[..., RabbitBroker]
) -> None:
    fail = raising(error)
    works: list[Awaitable[Any]] = [
        publisher(Channel({"ready": fail})).publish([ONE]),
        (await subscribed(declare=fail))[0].take(1),
        connect(Connection({"declare": fail}), declare=QUEUE).publisher(),
    ]
    for work in works:
        with pytest.raises(BrokerUnavailableError) as told:
            await work
        assert not isinstance(told.value, PublicationRefusedError)
        assert told.value.__cause__ is error


@pytest.mark.parametrize("error", TROUBLES)
async def test_where_nothing_can_be_consumed_the_channel_is_closed_again(
    error: BaseException, connect: Callable[..., RabbitBroker]
) -> None:
    connection = Connection({"consume": raising(error)})
    with pytest.raises(BrokerUnavailableError, match="subscribe queue"):
        await connect(connection).subscribe("queue", prefetch=1)
    assert [channel.calls[-1] for channel in connection.channels] == ["close", "close"]


@pytest.mark.parametrize("error", TROUBLES)
async def test_what_is_dead_already_is_closed_without_an_error(
    error: BaseException, connect: Callable[..., RabbitBroker]
) -> None:
    fail = raising(error)
    both = [Connection({"close": fail, "close connection": fail}) for _ in range(2)]
    broker = connect(*both)
    await broker.ping()
    await (await broker.publisher()).close()
    await (await broker.subscribe("queue", prefetch=1)).close()
    await broker.close()
    assert [one.is_closed for one in both] == [True, True]


@pytest.mark.parametrize("name", ["ready", "declare", "close"])
async def test_a_cancellation_of_ones_own_stays_one(name: str) -> None:
    subscription, channel = await subscribed(**{name: never})
    work = {
        "ready": lambda: publisher(channel).publish([ONE]),
        "declare": lambda: subscription.take(1),
        "close": subscription.close,
    }[name]
    working = asyncio.ensure_future(work())  # noqa: TID251 - awaited right here
    while name not in channel.calls:
        await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working


@pytest.mark.parametrize("is_waiting", [False, True])
@pytest.mark.parametrize("end", ["the channel closes", "the consumer is cancelled"])
async def test_a_consumer_that_is_gone_is_told_also_while_one_waits(
    end: str, *, is_waiting: bool
) -> None:
    subscription, channel = await subscribed(patience=AN_HOUR)
    taking = asyncio.ensure_future(subscription.take(1)) if is_waiting else None  # noqa: TID251
    await asyncio.sleep(0)
    if end == "the channel closes":
        channel.is_closed = True
        channel.closing.set_result(None)
    else:
        channel.consumers.clear()
        for told in channel.on_consumer_cancel_callbacks:
            told(None)
    with pytest.raises(BrokerUnavailableError, match="the consumer of queue is gone"):
        async with asyncio.timeout(10):
            await (taking or subscription.take(1))


async def test_one_who_waits_gets_what_comes_without_asking_the_queue() -> None:
    subscription, channel = await subscribed(patience=AN_HOUR)
    taking = asyncio.ensure_future(subscription.take(5))  # noqa: TID251 - awaited right here
    await asyncio.sleep(0)
    channel.deliver(b"one")
    async with asyncio.timeout(10):
        assert [one.body for one in await taking] == [b"one"]
    assert "declare" not in channel.calls


async def test_an_idle_queue_is_asked_again_and_again_until_something_comes() -> None:
    counts = iter([0, 0, 0])

    async def declare() -> Any:
        count = next(counts, None)
        if count is None:
            channel.deliver()
        return SimpleNamespace(message_count=0)

    subscription, channel = await subscribed(declare=declare)
    assert len(await subscription.take(1)) == 1
    assert channel.calls.count("declare") == 4


async def test_a_queue_with_messages_that_delivers_none_is_given_up() -> None:
    subscription, _ = await subscribed(declare=answering(SimpleNamespace(message_count=1)))
    with pytest.raises(BrokerUnavailableError, match="has messages and delivers none"):
        await subscription.take(1)


async def test_a_message_that_comes_while_the_queue_is_counted_is_taken_though_more_wait() -> None:
    async def declare() -> Any:
        channel.deliver()
        return SimpleNamespace(message_count=1)  # the next one: the prefetch is full

    subscription, channel = await subscribed(declare=declare)
    assert len(await subscription.take(1)) == 1


async def test_a_message_that_was_counted_and_is_on_its_way_is_waited_for() -> None:
    async def declare() -> Any:
        subscription._watchdog_seconds = AN_HOUR
        asyncio.get_running_loop().call_soon(channel.deliver)
        return SimpleNamespace(message_count=1)

    subscription, channel = await subscribed(declare=declare)
    async with asyncio.timeout(10):
        assert len(await subscription.take(1)) == 1


async def test_a_connection_closed_under_ones_hands_is_an_unavailable_broker(
    connect: Callable[..., RabbitBroker],
) -> None:
    with pytest.raises(BrokerUnavailableError, match=r"^not connected$"):
        await connect(Closed()).ping()


async def test_a_connection_that_was_lost_is_closed_and_another_one_opened(
    connect: Callable[..., RabbitBroker],
) -> None:
    lost, fresh = Connection(), Connection()
    broker = connect(lost, fresh)
    await broker.ping()
    lost.connected.clear()
    await broker.ping()
    assert (lost.is_closed, fresh.is_closed) == (True, False)
    assert len(lost.channels) == len(fresh.channels) == 2  # to declare on, and to ask by


async def test_a_connection_on_which_nothing_can_be_declared_is_closed_and_not_kept(
    connect: Callable[..., RabbitBroker],
) -> None:
    differs = aiormq.exceptions.ChannelPreconditionFailed("inequivalent arg")
    bad, good = Connection({"declare": raising(differs)}), Connection()
    broker = connect(bad, good, declare=QUEUE)
    with pytest.raises(BrokerUnavailableError, match="inequivalent arg"):
        await broker.publisher()
    assert bad.is_closed
    await broker.publisher()
    assert not good.is_closed


async def test_what_publishes_or_consumes_is_declared_anew_and_what_only_asks_is_not(
    connect: Callable[..., RabbitBroker],
) -> None:
    connection = Connection()
    broker = connect(connection, declare=QUEUE)
    declared = ["declare exchange", "declare", "bind queue to exchange by key", "close"]
    await broker.ping()
    await broker.ping()
    await broker.subscribe("queue", prefetch=1)
    assert [channel.calls for channel in connection.channels] == [
        declared,
        ["close"],
        ["close"],
        declared,
        ["qos", "consume"],
    ]


async def test_who_waits_for_the_broker_is_told_of_a_connection_and_not_of_a_channel(
    connect: Callable[..., RabbitBroker],
) -> None:
    broker = connect(Connection(), Connection())
    for work, is_told in ((broker.ping, True), (broker.ping, False), (broker.publisher, True)):
        waiting = asyncio.ensure_future(broker.returned())  # noqa: TID251 - cancelled right here
        await asyncio.sleep(0)
        await work()
        await asyncio.sleep(0)
        assert waiting.done() is is_told
        waiting.cancel()


async def test_who_waits_on_a_channel_that_ends_without_a_reason_is_told() -> None:
    channel = Channel({})
    window = publisher(channel)._confirms.expect(1)
    channel.closing.set_result(None)
    with pytest.raises(ConnectionResetError, match=r"^closed$"):
        await window.whole()
