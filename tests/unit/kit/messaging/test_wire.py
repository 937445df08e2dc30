"""Frames of messages beside aiormq's, before a scripted broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pamqp import frame
from pamqp.body import ContentBody
from pamqp.commands import Basic, Channel, Connection, Queue
from pamqp.header import ContentHeader
from yarl import URL

from kit.messaging import frames, rabbit
from kit.messaging.broker import (
    BrokerUnavailableError,
    Delivery,
    Publication,
    PublicationRefusedError,
    PublishOutcome,
)
from kit.messaging.rabbit import RabbitBroker, RabbitPublisher, RabbitSubscription
from kit.messaging.wire import BrokerWire, WiredConnection
from testkit.certificates import certified
from testkit.conditions import running, until

from .scripted import Peer, Published, Script, ScriptedBroker, delivered, scripted

CONFIRMED, RETURNED = PublishOutcome.CONFIRMED, PublishOutcome.RETURNED
WITHIN = 10
OPENED = 6  # frames until a connection has its first channel
Rig = tuple[ScriptedBroker, RabbitPublisher]


def one(body: bytes = b"x", *, key: str = "key", mandatory: bool = True) -> Publication:
    return Publication("exchange", key, body, "text/plain", mandatory)


@asynccontextmanager
async def publishing(
    scripts: dict[type, Script] | None = None, *, frame_max: int = 131072
) -> AsyncIterator[Rig]:
    async with scripted(scripts, frame_max=frame_max) as broker:
        client = RabbitBroker(broker.url)
        yield broker, await client.publisher()
        await client.close()


@asynccontextmanager
async def consuming(
    scripts: dict[type, Script] | None = None, *, watchdog_seconds: float = 3600
) -> AsyncIterator[tuple[Peer, RabbitSubscription]]:
    async with scripted(scripts) as broker:
        client = RabbitBroker(broker.url, watchdog_seconds=watchdog_seconds)
        subscription = await client.subscribe("queue", prefetch=10)
        yield broker.peers[0], subscription
        await client.close()


def channel_of(peer: Peer, kind: type) -> int:
    """Return the channel on which something of a kind was heard last."""
    return next(channel for channel, said in reversed(peer.heard) if isinstance(said, kind))


async def take(subscription: RabbitSubscription, count: int) -> list[Delivery]:
    taken: list[Delivery] = []
    async with asyncio.timeout(WITHIN):
        while len(taken) < count:
            taken += await subscription.take(count)
    return taken


def at_the_end(count: int, *answers: Any) -> dict[type, Script]:
    """Say nothing of messages but the last, then all."""

    def say(peer: Peer, channel: int, _: Published) -> None:
        if len(peer.published) == count:
            peer.send(channel, *answers)

    return {Published: say}


def came_back(number: int | None) -> tuple[Any, ...]:
    properties = Basic.Properties(message_id=None if number is None else str(number))
    returned = Basic.Return(312, "NO_ROUTE", "exchange", "key")
    return returned, ContentHeader(0, 1, properties), ContentBody(b"x")


@pytest.mark.parametrize(
    ("answers", "outcomes"),
    [
        ([Basic.Ack(3, multiple=True)], [CONFIRMED] * 3),
        ([Basic.Ack(2), Basic.Ack(3), Basic.Ack(1)], [CONFIRMED] * 3),
        ([Basic.Ack(1), Basic.Ack(3, multiple=True)], [CONFIRMED] * 3),
        ([Basic.Ack(1), Basic.Ack(1), Basic.Ack(9), Basic.Ack(3, multiple=True)], [CONFIRMED] * 3),
        ([Basic.Nack(2), Basic.Ack(3, multiple=True)], [CONFIRMED, RETURNED, CONFIRMED]),
        ([Basic.Nack(3, multiple=True)], [RETURNED] * 3),
        ([*came_back(2), Basic.Ack(3, multiple=True)], [CONFIRMED, RETURNED, CONFIRMED]),
        (
            [*came_back(1), Basic.Ack(2, multiple=True), *came_back(3), Basic.Ack(3)],
            [RETURNED, CONFIRMED, RETURNED],
        ),
        ([*came_back(8), Basic.Ack(3, multiple=True)], [CONFIRMED] * 3),
        ([*came_back(None), Basic.Ack(3, multiple=True)], [CONFIRMED] * 3),
    ],
)
async def test_each_message_gets_what_the_broker_says_of_it(
    answers: list[Any], outcomes: list[PublishOutcome]
) -> None:
    async with publishing(at_the_end(3, *answers)) as (_, publisher):
        assert await publisher.publish([one(), one(), one()]) == outcomes


async def test_windows_follow_one_another_or_overlap_and_none_is_nothing_to_wait_for() -> None:
    async with publishing(at_the_end(4, Basic.Ack(4, multiple=True))) as (_, publisher):
        assert await publisher.publish([]) == []
        async with asyncio.timeout(WITHIN):
            first, second = await asyncio.gather(
                publisher.publish([one(), one(), one()]), publisher.publish([one()])
            )
    assert (first, second) == ([CONFIRMED] * 3, [CONFIRMED])


async def test_a_connection_is_asked_for_as_its_broker_says_and_keeps_no_lane_of_the_past() -> None:
    async with publishing() as (broker, publisher):
        (tuned,) = broker.peers[0].of(Connection.TuneOk)
        assert tuned.heartbeat == rabbit.HEARTBEAT_SECONDS
        wire = publisher._lane._wire
        assert list(wire._lanes) == [publisher._lane.number]
        await publisher.close()
        await until(lambda: wire._lanes == {})


async def test_messages_are_numbered_on_from_window_to_window(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with publishing() as (broker, publisher):
        async with asyncio.timeout(WITHIN):
            for count in (3, 1, 2):
                assert await publisher.publish([one()] * count) == [CONFIRMED] * count
        ids = [message.header.properties.message_id for message in broker.published]
    assert ids == ["1", "2", "3", "4", "5", "6"]
    assert "Unexpected confirmation" not in caplog.text  # none comes to aiormq


@pytest.mark.parametrize("mandatory", [True, False])
@pytest.mark.parametrize("body", [b"", b"body"])
def test_a_message_is_written_as_the_specification_says(body: bytes, *, mandatory: bool) -> None:
    """As pamqp reads the specification."""
    properties = Basic.Properties(content_type="text/plain", delivery_mode=2, message_id="7")
    parts: list[Any] = [
        Basic.Publish(0, "exchange", "key", mandatory=mandatory),
        ContentHeader(0, len(body), properties),
        *([ContentBody(body)] if body else []),
    ]
    written = frames.publish(3, 7, one(body, mandatory=mandatory), frame_max=0)
    assert written == b"".join(frame.marshal(part, 3) for part in parts)


@pytest.mark.parametrize("size", [4087, 4088, 4089, 8176, 30_000])
async def test_a_body_is_cut_into_frames_as_large_as_agreed_on(size: int) -> None:
    async with publishing(frame_max=4096) as (broker, publisher):
        body = bytes(n % 251 for n in range(size))
        assert await publisher.publish([one(body), one(b"next")]) == [CONFIRMED] * 2
        assert [message.body for message in broker.published] == [body, b"next"]
        cut = [len(part.value) for part in broker.peers[0].of(ContentBody)]
    assert cut == [4088] * (size // 4088) + [size % 4088] * bool(size % 4088) + [4]


async def test_without_a_largest_frame_a_body_is_one() -> None:
    async with publishing(frame_max=0) as (broker, publisher):
        assert await publisher.publish([one(bytes(300_000))]) == [CONFIRMED]
        assert len(broker.peers[0].of(ContentBody)) == 1


async def test_of_a_window_with_a_key_that_is_too_long_nothing_is_sent() -> None:
    async with publishing() as (broker, publisher):
        with pytest.raises(PublicationRefusedError, match="too many for a name"):
            await publisher.publish([one(), one(key="k" * 256)])
        assert await publisher.publish([one(key="k" * 255)]) == [CONFIRMED]
        assert len(broker.published) == 1


@pytest.mark.parametrize(
    ("code", "is_refusal"), [(403, True), (404, True), (406, True), (405, False), (541, False)]
)
async def test_a_channel_closed_over_a_message_says_why_and_sends_no_more(
    code: int, *, is_refusal: bool
) -> None:
    async with publishing(at_the_end(1, Channel.Close(code, "why", 60, 40))) as (broker, publisher):
        with pytest.raises(BrokerUnavailableError, match="why") as told:
            await publisher.publish([one()])
        assert isinstance(told.value, PublicationRefusedError) is is_refusal
        with pytest.raises(BrokerUnavailableError):
            await publisher.publish([one()])
        await publisher.close()
        assert len(broker.published) == 1


async def test_nothing_is_sent_on_a_channel_between_its_end_and_the_news_of_it() -> None:
    async with publishing() as (broker, publisher):
        channel = publisher._channel
        publisher._lane.take(1, frame.marshal(Channel.Close(404, "why", 60, 40), 1)[7:-1])
        assert not channel.is_closed
        with pytest.raises(BrokerUnavailableError, match=r"StateError\('closed'\)"):
            await publisher.publish([one()])
        assert broker.published == []


@pytest.mark.parametrize("is_lost", [False, True])
async def test_nothing_is_sent_between_the_end_of_a_connection_and_the_news_of_it(
    *, is_lost: bool
) -> None:
    async with publishing() as (broker, publisher):
        wire = publisher._lane._wire
        transport = wire._transport_there
        assert transport is not None
        transport.close()
        if is_lost:
            wire.connection_lost(None)
        assert not publisher._channel.is_closed
        with pytest.raises(
            BrokerUnavailableError, match=r"\('the connection to the broker is closed"
        ):
            await publisher.publish([one()])
        assert broker.published == []


@pytest.mark.parametrize("end", ["the connection is lost", "the broker ends it"])
async def test_what_was_sent_when_the_connection_ended_is_unknown_and_no_fault_of_its_own(
    end: str,
) -> None:
    def leave(peer: Peer, _: int, __: Published) -> None:
        if end == "the connection is lost":
            peer.close()
        else:
            peer.send(0, Connection.Close(320, "shutdown", 0, 0))

    async with publishing({Published: leave}) as (_, publisher):
        for _ in range(2):
            with pytest.raises(BrokerUnavailableError) as told:
                async with asyncio.timeout(WITHIN):
                    await publisher.publish([one()])
            assert not isinstance(told.value, PublicationRefusedError)


async def test_a_broker_that_blocks_publishers_gets_nothing_until_it_goes_on() -> None:
    def block(peer: Peer, channel: int, _: Channel.Open) -> None:
        if len(peer.heard) < OPENED:  # it is known before the channel is open
            peer.send(0, Connection.Blocked("low on memory"))
        peer.send(channel, Channel.OpenOk())

    async with scripted({Channel.Open: block}) as broker:
        client = RabbitBroker(broker.url)
        publisher = await client.publisher()
        publishing = asyncio.ensure_future(publisher.publish([one()]))  # noqa: TID251 - awaited below
        await client.publisher()  # there and back again, on the same connection
        assert broker.published == []
        broker.peers[0].send(0, Connection.Unblocked())
        async with asyncio.timeout(WITHIN):
            assert await publishing == [CONFIRMED]
        await client.close()


@pytest.mark.parametrize("step", [1, 2, 3, 7, 8, 50])
async def test_a_delivery_is_whole_however_it_comes(step: int) -> None:
    bodies = [b"", b"x", bytes(range(256)) * 3]
    encoded = b"".join(delivered(1, body, tag=tag, parts=tag) for tag, body in enumerate(bodies, 1))
    async with consuming() as (peer, subscription):
        for at in range(0, len(encoded), step):
            subscription._lane._wire.data_received(encoded[at : at + step])
        taken = await take(subscription, 3)
    assert taken == [
        Delivery(tag, "key", body, "text/plain", 0) for tag, body in enumerate(bodies, 1)
    ]
    assert peer.heard


async def test_a_frame_as_large_as_agreed_on_is_taken() -> None:
    async with consuming() as (peer, subscription):
        peer.raw(delivered(channel_of(peer, Basic.Consume), bytes(131_064)))
        assert [len(one.body) for one in await take(subscription, 1)] == [131_064]


@pytest.mark.parametrize(
    ("headers", "attempts"), [(None, 0), ({}, 0), ({"other": 1}, 0), ({"x-delivery-count": 2}, 2)]
)
async def test_how_often_a_message_was_delivered_before_is_read_from_its_headers(
    headers: dict[str, Any] | None, attempts: int
) -> None:
    async with consuming() as (peer, subscription):
        channel = channel_of(peer, Basic.Consume)
        peer.raw(delivered(channel, b"x", tag=9, headers=headers, message_id="7", priority=3))
        (taken,) = await take(subscription, 1)
    assert taken == Delivery(9, "key", b"x", "text/plain", attempts)


async def test_a_message_without_properties_is_taken_as_it_is() -> None:
    async with consuming() as (peer, subscription):
        parts = (Basic.Deliver("consumer", 5, True, "", "ключ"), ContentHeader(0, 0))
        peer.send(channel_of(peer, Basic.Consume), *parts)
        assert await take(subscription, 1) == [Delivery(5, "ключ", b"", None, 0)]


async def test_an_acknowledgement_is_of_all_before_it() -> None:
    async with consuming() as (peer, subscription):
        await subscription.ack_through(7)
        await until(lambda: bool(peer.of(Basic.Ack)))
        assert [dict(ack) for ack in peer.of(Basic.Ack)] == [dict(Basic.Ack(7, multiple=True))]


DELIVER = frame.marshal(Basic.Deliver("c", 1, False, "exchange", "kkk"), 1)
CONTENT = frame.marshal(ContentHeader(0, 1, Basic.Properties()), 1)
EMPTY = frame.marshal(ContentHeader(0, 0), 1)
MALFORMED = {
    "a frame without its end": delivered(1, b"body")[:-1] + b"x",
    "a frame with 2147483647 bytes": b"\x03\x00\x01\x7f\xff\xff\xff",
    "a frame with 131065 bytes": b"\x03\x00\x01\x00\x01\xff\xf9",
    "a frame of kind 7": b"\x07\x00\x01\x00\x00\x00\x00\xce",
    "a header of no message": CONTENT,
    "a header of no message twice": DELIVER + CONTENT + CONTENT,
    "more of a body than was announced": DELIVER + CONTENT + frame.marshal(ContentBody(b"xy"), 1),
    "more of a body than was announced alone": frame.marshal(ContentBody(b""), 1),
    "more of a body than was announced first": DELIVER + frame.marshal(ContentBody(b"x"), 1),
    "a message within another one": DELIVER + DELIVER,
    "a text that ends behind its frame": DELIVER.replace(b"\x03kkk", b"\x04kkk") + EMPTY,
    "index out of range": b"\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x3c\xce" + EMPTY,
    "unpack_from requires": DELIVER + b"\x02\x00\x01\x00\x00\x00\x02\x00\x3c\xce",
    "'utf-8' codec can't decode": DELIVER.replace(b"kkk", b"\xff\xfe\xff") + EMPTY,
}


@pytest.mark.parametrize("fault", MALFORMED)
async def test_what_is_malformed_ends_the_connection_and_says_so(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with consuming() as (peer, subscription):
        assert channel_of(peer, Basic.Consume) == 1
        taking = asyncio.ensure_future(subscription.take(1))  # noqa: TID251 - awaited right here
        await asyncio.sleep(0)
        peer.raw(MALFORMED[fault])
        with pytest.raises(BrokerUnavailableError):
            async with asyncio.timeout(WITHIN):
                await taking
        with pytest.raises(BrokerUnavailableError):
            await subscription.ack_through(1)
    said = fault.removesuffix(" twice").removesuffix(" alone").removesuffix(" first")
    assert f"InvalidFrameError: from the broker: {said}" in caplog.text
    assert peer.of(Connection.Close) == []  # nothing that comes is understood any more


async def test_a_confirmation_that_is_malformed_ends_the_publication_and_says_so() -> None:
    def say(peer: Peer, channel: int, _: Published) -> None:
        encoded = frame.marshal(Basic.Ack(1), channel)
        peer.raw(encoded[:-1] + b"x")

    async with publishing({Published: say}) as (_, publisher):
        with pytest.raises(BrokerUnavailableError, match="a frame without its end"):
            async with asyncio.timeout(WITHIN):
                await publisher.publish([one()])


async def test_a_consumer_that_the_broker_cancels_is_told() -> None:
    async with consuming() as (peer, subscription):
        tag = peer.of(Basic.Consume)[0].consumer_tag
        taking = asyncio.ensure_future(subscription.take(1))  # noqa: TID251 - awaited right here
        peer.send(channel_of(peer, Basic.Consume), Basic.Cancel(tag, nowait=True))
        with pytest.raises(BrokerUnavailableError, match="gone"):
            async with asyncio.timeout(WITHIN):
                await taking


async def test_where_the_queue_was_asked_in_vain_nothing_is_acknowledged_any_more() -> None:
    """aiormq then says that the channel is closed, so a frame on it would end the connection."""
    asked = 0

    def refuse(peer: Peer, channel: int, _: Queue.Declare) -> None:
        nonlocal asked
        asked += 1

    async with consuming({Queue.Declare: refuse}, watchdog_seconds=0) as (peer, subscription):
        taking = asyncio.ensure_future(subscription.take(1))  # noqa: TID251 - cancelled right here
        await until(lambda: asked > 0)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
        with pytest.raises(BrokerUnavailableError, match="closed"):
            await subscription.ack_through(1)
        await until(lambda: bool(peer.of(Channel.Close)))
        assert peer.of(Basic.Ack) == []


async def test_a_connection_that_can_not_be_made_is_closed_and_not_when_it_is_collected() -> None:
    connection = WiredConnection(URL("amqp://guest:guest@127.0.0.1:1/"))
    with pytest.raises(rabbit.TROUBLE):
        await connection.connect()
    assert connection.is_closed


async def test_nothing_is_sent_on_a_channel_that_we_are_closing() -> None:
    asked: list[int] = []

    def close(peer: Peer, channel: int, _: Channel.Close) -> None:
        asked.append(channel)
        if len(asked) == 1:  # the channel that declared; nobody answers for the other
            peer.send(channel, Channel.CloseOk())

    async with publishing({Channel.Close: close}) as (broker, publisher):
        async with running(publisher.close()):
            await until(lambda: len(asked) > 1)
            with pytest.raises(BrokerUnavailableError, match="closed"):
                await publisher.publish([one()])
        assert broker.published == []


async def test_aiormq_hears_that_the_broker_lives_where_all_that_comes_is_messages() -> None:
    async with consuming() as (peer, subscription):
        wire: BrokerWire = subscription._lane._wire
        aiormqs, wire._aiormqs = wire._aiormqs, asyncio.StreamReader()
        number = channel_of(peer, Basic.Consume)
        for tag in (1, 2):
            wire.data_received(delivered(number, b"x", tag=tag))
        assert wire._aiormqs._buffer == frames.HEARTBEAT  # type: ignore[attr-defined]
        wire._aiormqs = aiormqs


async def test_a_number_that_another_channel_has_got_is_left_to_it() -> None:
    async with publishing() as (_, publisher):
        lane = publisher._lane
        next_one = RabbitPublisher(publisher._channel, lane._wire)
        lane._wire.leave(lane)
        assert await next_one.publish([one()]) == [CONFIRMED]


async def test_an_encrypted_connection_is_like_any_other(tmp_path: Path) -> None:
    trust, certificate = certified("localhost", tmp_path)
    (tmp_path / "trusted.pem").write_text(certificate)
    async with scripted(trust=trust) as broker:
        client = RabbitBroker(f"{broker.url}?cafile={tmp_path}/trusted.pem")
        publisher = await client.publisher()
        assert await publisher.publish([one(bytes(100_000))]) == [CONFIRMED]
        await client.close()
        stranger = RabbitBroker(broker.url)
        with pytest.raises(BrokerUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.publisher()
