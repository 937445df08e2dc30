"""Parts a connection's frames: messages go to their channels, the rest to aiormq.

aiormq connects, opens, declares, subscribes, closes, and watches over heartbeats. It also could
publish and deliver, with several tasks and futures for each frame.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import Any, Final, cast

import aio_pika
from aiormq.channel import Channel
from aiormq.connection import SSLContextProvider, TransportFactory
from aiormq.exceptions import ChannelInvalidStateError, InvalidFrameError
from yarl import URL

from kit.messaging import frames

_MALFORMED: Final = (ValueError, IndexError, struct.error)
# aiormq gives a connection up from which it hears nothing, and what passes by it, it doesn't hear.
_SIGN_OF_LIFE_SECONDS: Final = 1.0


class Lane:
    """The frames of messages on one channel."""

    def __init__(
        self,
        wire: "BrokerWire",
        channel: Channel,
        *,
        on_message: Callable[[bytes, bytes, bytes], None],
        on_confirmation: Callable[[frames.Confirmation], None] | None = None,
    ) -> None:
        """Take over a channel's frames; what comes is told as it arrives.

        Args:
            wire: What the channel's connection goes over.
            channel: Open, and nobody publishes or consumes on it yet.
            on_message: Takes method, header and body of what is delivered, or comes back.
            on_confirmation: Takes what is said of what was published.
        """
        self.number = channel.number
        self.frame_max: int = channel.connection.connection_tune.frame_max
        self._wire = wire
        self._on_message = on_message
        self._on_confirmation = on_confirmation
        self._is_open = True
        self._method = self._header = b""
        self._parts: list[bytes] = []
        self._missing = 0
        wire.join(self)
        channel.closing.add_done_callback(self._end)

    def send(self, encoded: bytes) -> None:
        """Send whole frames.

        Raises:
            ChannelInvalidStateError: the channel is closed, or about to be.
        """
        if not self._is_open:
            raise ChannelInvalidStateError("closed")
        self._wire.write(encoded)

    def shut(self) -> None:
        """Send no more: the channel is closed, or about to be."""
        self._is_open = False

    def take(self, kind: int, payload: bytes) -> bool:
        """Take a frame that came, unless it is aiormq's.

        Raises:
            ValueError, IndexError, struct.error: it is malformed.
        """
        if kind == frames.METHOD:
            return self._take_method(payload)
        if kind == frames.HEADER:
            if not self._method or self._header:
                raise ValueError("a header of no message")
            self._header, self._missing = payload, frames.body_size(payload)
        elif kind == frames.BODY:
            self._parts.append(payload)
            self._missing -= len(payload)
            if not self._header or self._missing < 0:
                raise ValueError("more of a body than was announced")
        else:
            raise ValueError(f"a frame of kind {kind}")
        if not self._missing:
            parts, self._parts = self._parts, []
            method, header, self._method, self._header = self._method, self._header, b"", b""
            self._on_message(method, header, parts[0] if len(parts) == 1 else b"".join(parts))
        return True

    def _take_method(self, payload: bytes) -> bool:
        which = payload[:4]
        if which in (frames.DELIVER, frames.RETURN):
            if self._method:
                raise ValueError("a message within another one")
            self._method = payload
            return True
        if self._on_confirmation and which in (frames.ACK, frames.NACK):
            self._on_confirmation(frames.confirmation(payload))
            return True
        if which == frames.CHANNEL_CLOSE:
            self.shut()
        return False

    def _end(self, _: object) -> None:
        self.shut()
        self._wire.leave(self)


class BrokerWire(asyncio.StreamReaderProtocol):
    """One connection: lanes take their frames, aiormq reads the others from a stream."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._aiormqs = reader
        self._lanes: dict[int, Lane] = {}
        self._rest = b""
        self._frame_max = 0  # 0 is no limit, also before it is agreed on
        self._sign_of_life_at = 0.0
        self._transport_there: asyncio.Transport | None = None

    def join(self, lane: Lane) -> None:
        """Let a lane take the frames of its channel."""
        self._lanes[lane.number] = lane
        self._frame_max = lane.frame_max

    def leave(self, lane: Lane) -> None:
        """Leave a channel's frames to aiormq, unless its number has been given to another."""
        if self._lanes.get(lane.number) is lane:
            del self._lanes[lane.number]

    def write(self, encoded: bytes) -> None:
        """Send whole frames; raises ConnectionResetError."""
        if self._transport_there is None or self._transport_there.is_closing():
            raise ConnectionResetError("the connection to the broker is closed")
        self._transport_there.write(encoded)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; called by the loop."""
        self._transport_there = cast("asyncio.Transport", transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; called by the loop."""
        self._transport_there = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Part what came, of which the last frame may not be whole; called by the loop."""
        received = self._rest + data if self._rest else data
        try:
            self._rest = received[self._part(received) :]
        except _MALFORMED as error:
            self._give_up(error)

    def _part(self, received: bytes) -> int:
        """Give each whole frame to whom it belongs, and return where the rest begins."""
        at, was_taken = 0, False
        while len(received) - at >= frames.HEAD.size:
            kind, number, size = frames.HEAD.unpack_from(received, at)
            begin = at + frames.HEAD.size
            end = begin + size
            if self._frame_max and end + 1 - at > self._frame_max:
                raise ValueError(f"a frame with {size} bytes")
            if end >= len(received):
                break
            if received[end] != frames.END:
                raise ValueError("a frame without its end")
            lane = self._lanes.get(number)
            if lane is not None and lane.take(kind, received[begin:end]):
                was_taken = True
            else:
                self._aiormqs.feed_data(received[at : end + 1])
            at = end + 1
        if was_taken:
            self._show_life()
        return at

    def _show_life(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._sign_of_life_at:
            self._sign_of_life_at = now + _SIGN_OF_LIFE_SECONDS
            self._aiormqs.feed_data(frames.HEARTBEAT)

    def _give_up(self, error: Exception) -> None:
        """End the connection, with aiormq knowing why."""
        self._aiormqs.set_exception(InvalidFrameError(f"from the broker: {error}"))
        if self._transport_there is not None:
            self._transport_there.abort()


class _Laying(TransportFactory):
    """Connects as aiormq does, over a wire."""

    wire: BrokerWire

    async def create(self, url: URL, **options: Any) -> Any:
        loop = asyncio.get_running_loop()
        provider: SSLContextProvider = options["ssl_context_provider"]
        reader = asyncio.StreamReader()
        wire = self.wire = BrokerWire(reader)
        transport, _ = await loop.create_connection(
            lambda: wire,
            url.host or "",
            url.port or 0,
            ssl=await provider.get_context() if url.scheme == "amqps" else None,
        )
        return reader, asyncio.StreamWriter(transport, wire, reader, loop)


class WiredConnection(aio_pika.Connection):
    """A connection that goes over a wire."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._laying = self.kwargs["transport_factory"] = _Laying()

    async def connect(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aio-pika's
        """Connect; what could not is closed."""
        try:
            await super().connect(timeout)
        except BaseException:
            # Else aio-pika closes it when it is collected, where no loop may run.
            await self.close()
            raise

    @property
    def wire(self) -> BrokerWire:
        """What its frames go over, once it is open."""
        return self._laying.wire
