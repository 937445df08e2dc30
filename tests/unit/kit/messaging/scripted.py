"""A broker that speaks AMQP by pamqp, and does what no real one can be made to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pamqp import commands, frame
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.commands import Basic, Channel, Confirm, Connection, Exchange, Queue
from pamqp.header import ContentHeader
from pamqp.heartbeat import Heartbeat

CAPABILITIES = {"publisher_confirms": True, "basic.nack": True, "consumer_cancel_notify": True}
HEAD_BYTES = 7
Script = Callable[["Peer", int, Any], None]


@dataclass
class Published:
    """A message that came whole."""

    method: Basic.Publish
    header: ContentHeader
    body: bytes = b""

    @property
    def is_whole(self) -> bool:
        return len(self.body) == self.header.body_size


class Peer:
    """One connection, seen from the broker."""

    def __init__(self, broker: "ScriptedBroker", writer: asyncio.StreamWriter) -> None:
        self._broker = broker
        self._writer = writer
        self.heard: list[tuple[int, Any]] = []
        self.published: list[Published] = []
        self.arriving: dict[int, Any] = {}

    def send(self, channel: int, *frames: Any) -> None:
        self.raw(b"".join(frame.marshal(one, channel) for one in frames))

    def raw(self, encoded: bytes) -> None:
        self._writer.write(encoded)

    def of(self, kind: type) -> list[Any]:
        """Return what was heard of one kind."""
        return [one for _, one in self.heard if isinstance(one, kind)]

    def close(self) -> None:
        if not self._writer.is_closing():
            self._writer.transport.abort()

    async def hear(self, reader: asyncio.StreamReader) -> None:
        assert await reader.readexactly(8) == b"AMQP\x00\x00\x09\x01"
        properties = {"capabilities": dict(CAPABILITIES)}
        self.send(0, Connection.Start(0, 9, properties, "PLAIN", "en_US"))
        while True:
            head = await reader.readexactly(HEAD_BYTES)
            size = int.from_bytes(head[3:], "big")
            assert not self._broker.frame_max or size + 8 <= self._broker.frame_max
            _, channel, one = frame.unmarshal(head + await reader.readexactly(size + 1))
            self.heard.append((channel, one))
            self._take(channel, one)

    def _take(self, channel: int, one: Any) -> None:
        if isinstance(one, Basic.Publish):
            self.arriving[channel] = one
            return
        if isinstance(one, ContentHeader):
            one = self.arriving[channel] = Published(self.arriving[channel], one)
        elif isinstance(one, ContentBody):
            self.arriving[channel].body += one.value
            one = self.arriving[channel]
        if isinstance(one, Published):
            if not one.is_whole:
                return
            self.published.append(one)
        script = self._broker.scripts.get(type(one)) or SCRIPTS.get(type(one))
        assert script is not None, f"{one!r} was not expected"
        script(self, channel, one)


@dataclass
class ScriptedBroker:
    """What it was told, and what it does about it instead of what a broker does."""

    scripts: dict[type, Script] = field(default_factory=dict)
    frame_max: int = 131072
    peers: list[Peer] = field(default_factory=list)
    url: str = ""

    @property
    def published(self) -> list[Published]:
        """Return all messages, of the connections one after the other."""
        return [one for peer in self.peers for one in peer.published]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(self, writer)
        self.peers.append(peer)
        try:
            await peer.hear(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def delivered(channel: int, body: bytes, *, tag: int = 1, parts: int = 1, **more: Any) -> bytes:
    """Return the frames of a delivery, its body in so many."""
    properties = Basic.Properties(content_type="text/plain", **more)
    size = -(-len(body) // parts) or 1
    cut = [ContentBody(body[at : at + size]) for at in range(0, len(body), size)]
    whole: list[Any] = [
        Basic.Deliver("consumer", tag, False, "exchange", "key"),
        ContentHeader(0, len(body), properties),
        *cut,
    ]
    return b"".join(frame.marshal(one, channel) for one in whole)


def answering(answer: Callable[[], Frame]) -> Script:
    return lambda peer, channel, _: peer.send(channel, answer())


def confirm(peer: Peer, channel: int, _: Published) -> None:
    peer.send(channel, Basic.Ack(len(peer.published)))


def tune(peer: Peer, _: int, __: Connection.StartOk) -> None:
    peer.send(0, Connection.Tune(2047, peer._broker.frame_max, 60))


def end(peer: Peer, _: int, __: Connection.Close) -> None:
    peer.send(0, Connection.CloseOk())


def silent(_: Peer, __: int, ___: Any) -> None:
    """Say nothing."""


SCRIPTS: dict[type, Script] = {
    Connection.StartOk: tune,
    Connection.TuneOk: silent,
    Connection.Open: answering(commands.Connection.OpenOk),
    Connection.Close: end,
    Connection.CloseOk: silent,
    Heartbeat: silent,
    Channel.Open: answering(Channel.OpenOk),
    Channel.Close: answering(Channel.CloseOk),
    Channel.CloseOk: silent,
    Confirm.Select: answering(Confirm.SelectOk),
    Exchange.Declare: answering(Exchange.DeclareOk),
    Queue.Declare: answering(lambda: Queue.DeclareOk("queue", 0, 0)),
    Queue.Bind: answering(Queue.BindOk),
    Basic.Qos: answering(Basic.QosOk),
    Basic.Consume: lambda peer, channel, one: peer.send(channel, Basic.ConsumeOk(one.consumer_tag)),
    Basic.Ack: silent,
    Published: confirm,
}


@asynccontextmanager
async def scripted(
    scripts: dict[type, Script] | None = None,
    *,
    frame_max: int = 131072,
    trust: ssl.SSLContext | None = None,
) -> AsyncIterator[ScriptedBroker]:
    """Serve on a port of its own."""
    broker = ScriptedBroker(scripts or {}, frame_max)
    async with await asyncio.start_server(broker.serve, "127.0.0.1", 0, ssl=trust) as server:
        port = server.sockets[0].getsockname()[1]
        scheme = "amqps" if trust else "amqp"
        broker.url = f"{scheme}://someone:secret@localhost:{port}/"
        yield broker
        for peer in broker.peers:
            peer.close()
