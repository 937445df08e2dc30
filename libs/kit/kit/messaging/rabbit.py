"""Implements the broker protocol for RabbitMQ, by plain pinned channels.

A channel is thrown away on trouble. Robust channels would swap it under a batch, so the caller has
the loop that reconnects.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, cast

import aio_pika
import aiormq
import structlog
from aiormq.channel import Channel

from kit.messaging import frames, topology
from kit.messaging.broker import (
    BrokerUnavailableError,
    Delivery,
    Publication,
    PublicationRefusedError,
    PublishOutcome,
)
from kit.messaging.confirms import Confirms, Window
from kit.messaging.wire import BrokerWire, Lane, WiredConnection

HEARTBEAT_SECONDS = 10
CONNECT_TIMEOUT_SECONDS = 5.0
CONFIRM_TIMEOUT_SECONDS = 10.0
WATCHDOG_SECONDS = 15.0

TROUBLE = (
    aiormq.exceptions.AMQPError,
    OSError,
    TimeoutError,
    asyncio.CancelledError,  # aiormq cancels pending calls when their channel closes
    RuntimeError,
)
# The broker closes a channel over a message it can't accept; what is too long is not even sent.
REFUSALS = (
    aiormq.exceptions.ChannelAccessRefused,
    aiormq.exceptions.ChannelNotFoundEntity,
    aiormq.exceptions.ChannelPreconditionFailed,
    ValueError,
)

log = structlog.get_logger(__name__)


class RabbitPublisher:
    """Publishes on a channel in confirm mode.

    After any error the channel is unusable: its confirms may be out of step.
    """

    def __init__(self, channel: Channel, wire: BrokerWire) -> None:
        self._channel = channel
        self._confirms = confirms = Confirms()
        self._lane = Lane(
            wire,
            channel,
            on_message=lambda _, header, __: confirms.take_back(frames.returned(header)),
            on_confirmation=confirms.confirm,
        )
        channel.closing.add_done_callback(self._on_end)

    async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
        """Send all in order, then wait for all confirms."""
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT_SECONDS):
                await self._channel.connection.ready()  # not while the broker blocks publishers
                return await self._send(publications).whole()
        except REFUSALS as error:
            raise PublicationRefusedError(f"publish: {error!r}") from error
        except TROUBLE as error:
            _reraise_if_cancelled(error)
            raise BrokerUnavailableError(f"publish: {error!r}") from error

    def _send(self, publications: Sequence[Publication]) -> Window:
        lane, first = self._lane, self._confirms.next_number
        encoded = [
            frames.publish(lane.number, number, one, frame_max=lane.frame_max)
            for number, one in enumerate(publications, first)
        ]
        lane.send(b"".join(encoded))
        return self._confirms.expect(len(encoded))

    def _on_end(self, closing: "asyncio.Future[Any]") -> None:
        self._confirms.fail(closing.exception() or ConnectionResetError("closed"))

    async def close(self) -> None:
        """Close the channel; a dead one is closed already."""
        self._lane.shut()
        await _close_quietly(self._channel)


class RabbitSubscription:
    """Consumes one queue on one channel, buffering deliveries up to the prefetch."""

    def __init__(
        self, channel: Channel, wire: BrokerWire, queue: str, watchdog_seconds: float
    ) -> None:
        self._channel = channel
        self._lane = Lane(wire, channel, on_message=self._receive)
        self._queue = queue
        self._watchdog_seconds = watchdog_seconds
        self._tag: str | None = None
        self._arrived: deque[Delivery] = deque()
        self._news = asyncio.Event()
        channel.closing.add_done_callback(self._on_end)
        channel.on_consumer_cancel_callbacks.add(self._on_end)

    async def start(self, prefetch: int) -> None:
        """Begin to consume."""
        await self._channel.basic_qos(prefetch_count=prefetch)
        answer = await self._channel.basic_consume(self._queue, _never)
        self._tag = answer.consumer_tag

    def _receive(self, method: bytes, header: bytes, body: bytes) -> None:
        self._arrived.append(frames.delivery(method, header, body))
        self._news.set()

    def _on_end(self, _: object) -> None:
        """Wake take(), which then finds the channel closed or the consumer cancelled."""
        self._news.set()

    async def take(self, limit: int) -> list[Delivery]:
        """Wait for a delivery, then return what has arrived."""
        self._raise_if_dead()
        while not self._arrived:
            try:
                await self._wait_for_news()
            except TimeoutError:
                await self._watch()
            self._raise_if_dead()
        return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]

    async def _wait_for_news(self) -> None:
        """Wait until something comes or ends; raise TimeoutError after a silence."""
        self._news.clear()
        async with asyncio.timeout(self._watchdog_seconds):
            await self._news.wait()

    def _raise_if_dead(self) -> None:
        if self._channel.is_closed or self._tag not in self._channel.consumers:
            raise BrokerUnavailableError(f"the consumer of {self._queue} is gone")

    async def _watch(self) -> None:
        """Raise where the queue has messages and yet none is delivered.

        A consumer that stands by beside a busy one raises too; it only subscribes anew.
        """
        try:
            answer = await self._channel.queue_declare(self._queue, passive=True, timeout=5)
        except TROUBLE as error:
            self._lane.shut()  # a call that was given up has closed the channel
            _reraise_if_cancelled(error)
            raise BrokerUnavailableError(f"watchdog: {error!r}") from error
        # A message may have come between the wait and the count; it is then here, or on its way.
        if not answer.message_count or self._arrived:
            return
        try:
            await self._wait_for_news()
        except TimeoutError as error:
            message = f"{self._queue} has messages and delivers none"
            raise BrokerUnavailableError(message) from error

    async def ack_through(self, tag: int) -> None:
        """Acknowledge a delivery and all before it."""
        try:
            self._lane.send(frames.ack_through(self._lane.number, tag))
        except TROUBLE as error:
            raise BrokerUnavailableError(f"ack: {error!r}") from error

    async def close(self) -> None:
        """Close the channel; RabbitMQ hands out again what was not acknowledged."""
        self._lane.shut()
        await _close_quietly(self._channel)


class RabbitBroker:
    """Keeps two connections: RabbitMQ may block publishers while consumers go on."""

    def __init__(
        self,
        url: str,
        declare: Sequence[topology.Topology] = (),
        *,
        watchdog_seconds: float = WATCHDOG_SECONDS,
    ) -> None:
        """Take where to connect, and what to declare there.

        Args:
            url: The broker.
            declare: What to declare on every channel opened to publish or consume.
            watchdog_seconds: After how long without a delivery a subscription asks whether the
                queue has messages.
        """
        self._url = url
        self._declare = declare
        self._watchdog_seconds = watchdog_seconds
        self._connections: dict[str, WiredConnection] = {}
        self._back = asyncio.Event()
        self._locks = {"publish": asyncio.Lock(), "consume": asyncio.Lock()}

    async def publisher(self) -> RabbitPublisher:
        """Open a channel in confirm mode."""
        return RabbitPublisher(*await self._channel("publish", declared_anew=True))

    async def subscribe(self, queue: str, *, prefetch: int) -> RabbitSubscription:
        """Open a channel that consumes a queue."""
        channel, wire = await self._channel("consume", declared_anew=True)
        subscription = RabbitSubscription(channel, wire, queue, self._watchdog_seconds)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await subscription.start(prefetch)
        except TROUBLE as error:
            await subscription.close()
            _reraise_if_cancelled(error)
            raise BrokerUnavailableError(f"subscribe {queue}: {error!r}") from error
        return subscription

    async def returned(self) -> None:
        """Wait until anybody connects."""
        await self._back.wait()

    async def ping(self) -> None:
        """Raise BrokerUnavailableError unless a channel can be opened."""
        channel, _ = await self._channel("consume")
        await _close_quietly(channel)

    async def close(self) -> None:
        """Close both connections."""
        for connection in self._connections.values():
            await _close_quietly(connection)
        self._connections.clear()

    async def _channel(
        self, purpose: str, *, declared_anew: bool = False
    ) -> tuple[Channel, BrokerWire]:
        """Open a channel; `declared_anew` declares again what somebody may have deleted."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS), self._locks[purpose]:
                known = self._connections.get(purpose)
                if known is None or not known.connected.is_set():
                    await self._reconnect(purpose)
                elif declared_anew:
                    await self._declare_all(known)
                connection = self._connections[purpose]
                channel = await _open_channel(connection, confirms=purpose == "publish")
                return channel, connection.wire
        except TROUBLE as error:
            _reraise_if_cancelled(error)
            raise BrokerUnavailableError(f"connect: {error!r}") from error

    async def _reconnect(self, purpose: str) -> None:
        dead = self._connections.pop(purpose, None)
        if dead is not None:
            await _close_quietly(dead)
        connection = await aio_pika.connect(
            self._url, heartbeat=HEARTBEAT_SECONDS, connection_class=WiredConnection
        )
        try:
            await self._declare_all(connection)
        except BaseException:
            await _close_quietly(connection)
            raise
        self._connections[purpose] = connection
        self._back.set()
        self._back = asyncio.Event()  # whoever waits from now on waits for the next connection

    async def _declare_all(self, connection: WiredConnection) -> None:
        channel = await _open_channel(connection, confirms=False)
        try:
            for part in self._declare:
                await _declare(channel, part)
        finally:
            await _close_quietly(channel)


async def _open_channel(connection: WiredConnection, *, confirms: bool) -> Channel:
    transport = connection.transport
    if transport is None:
        raise BrokerUnavailableError("not connected")
    # aiormq's connections open no other channels, and say less of them.
    return cast(
        "Channel",
        await transport.connection.channel(publisher_confirms=confirms),
    )


async def _never(_: object) -> None:
    """Stand for what aiormq delivers: nothing, as deliveries are the lane's."""


async def _declare(channel: Channel, part: topology.Topology) -> None:
    for exchange in part.exchanges:
        await channel.exchange_declare(
            exchange.name,
            exchange_type=exchange.kind,
            durable=True,
            arguments=exchange.arguments,
        )
    for queue in part.queues:
        try:
            await channel.queue_declare(queue.name, durable=True, arguments=queue.arguments)
        except aiormq.exceptions.ChannelPreconditionFailed:
            log.error("queue_differs", queue=queue.name, remedy="let it run empty, then delete it")  # noqa: TRY400
            raise
        for exchange_name, routing_key in queue.bindings:
            await channel.queue_bind(queue.name, exchange_name, routing_key)


async def _close_quietly(closable: Channel | WiredConnection) -> None:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            await closable.close()
    except TROUBLE as error:
        _reraise_if_cancelled(error)
        log.debug("broker_close", error=repr(error))


def _reraise_if_cancelled(error: BaseException) -> None:
    """Raise a cancellation again where it is ours, not aiormq's.

    Only ours is requested on the current task.
    """
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        raise error
