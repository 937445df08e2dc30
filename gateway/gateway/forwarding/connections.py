"""Owns the connections to services: opened, kept, one request at a time on each.

Knows HTTP/1.1 (RFC 9112) as far as its parser does not; decides neither whom to ask nor how often.
"""

import asyncio
from contextlib import suppress
from typing import Final, cast
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from gateway.forwarding.headers import Header
from kit.http import socket_of
from kit.trust import TRUST

# Shorter than services keep idle connections (75 s), so they never close one under a request.
KEEP_ALIVE_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 2.0
MAX_HEAD_BYTES: Final = 64 * 1024
# Of a body that is read more slowly than it comes, no more than about so much is held.
_HELD_BYTES: Final = 64 * 1024

_THIS_MACHINE: Final = frozenset(("127.0.0.1", "::1", "localhost"))
_LAST_INTERIM: Final = 199
_LAST_STATUS: Final = 599
_NO_BODY: Final = frozenset((204, 304))
_LENGTH: Final = b"content-length"
_ENCODING: Final = b"transfer-encoding"


class MalformedAnswerError(Exception):
    """What a service sent is no answer in HTTP."""


class ServiceConnection(asyncio.Protocol):
    """One connection to a service, for one request at a time.

    Attributes:
        status: Of the answer, once `answered` has returned.
        headers: Of the answer, likewise; names are spelt as the service did.
        length: Of its body as announced, None where it was not.
        is_complete: Whether all of the answer has arrived.
        idle_since: When the last answer was complete, by the loop's clock.
    """

    def __init__(self, pool: "ConnectionPool", silence_seconds: float) -> None:
        self._pool = pool
        self._silence_seconds = silence_seconds
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", None)  # until it is connected
        self._parser: HttpResponseParser | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self._is_reading = True
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether it can be written to."""
        return not self._transport.is_closing()

    def begin(self, *, has_payload: bool) -> None:
        """Be ready for a request.

        Args:
            has_payload: False for HEAD, whose answer announces a body that does not come.
        """
        self._parser = HttpResponseParser(self)
        self._has_payload = has_payload
        self._head_bytes = 0
        self._is_head_done = False
        self._ends_with_connection = False
        self._keeps_alive = True
        self._parts: list[bytes] = []
        self._held_bytes = 0
        self.status = 0
        self.headers: list[Header] = []
        self.length: int | None = None
        self.is_complete = False

    def write(self, data: bytes) -> None:
        """Send a part of the request."""
        self._transport.write(data)

    async def written(self) -> None:
        """Wait until more may be written.

        Raises:
            TimeoutError: the service takes nothing for too long.
            OSError: the connection has ended.
        """
        if self._writable is not None:
            async with asyncio.timeout(self._silence_seconds):
                await self._writable
        self._check()

    async def answered(self) -> None:
        """Wait for the head of the answer.

        Raises:
            TimeoutError: the service is silent for too long.
            MalformedAnswerError: it answers something else.
            OSError: the connection has ended.
        """
        while not self._is_head_done:
            await self._wait()

    async def chunk(self) -> bytes:
        """Return what has arrived of the body, once something has; nothing at its end.

        Raises:
            As `answered`.
        """
        while not self._parts and not self.is_complete:
            await self._wait()
        found = b"".join(self._parts)
        self._parts.clear()
        self._held_bytes = 0
        if not self._is_reading:
            self._is_reading = True
            self._transport.resume_reading()
        return found

    async def whole(self) -> bytes:
        """Return the whole of a body that is known to be small.

        Raises:
            As `answered`.
        """
        while not self.is_complete:
            await self._wait()
        return b"".join(self._parts)

    def release(self) -> None:
        """Keep it for another request, or close it where this one did not end well.

        Whose request it was must not touch it again: it may be another one's already.
        """
        if self.is_complete and self._keeps_alive and self.is_open:
            self._parser = None
            self.idle_since = self._loop.time()
            self._pool.give_back(self)
        else:
            self.close()

    def close(self) -> None:
        """End it at once, whatever is still to be sent."""
        self._transport.abort()

    async def _wait(self) -> None:
        """Wait until something has arrived, or has gone wrong."""
        self._check()
        self._waits_since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._silence_seconds, self._look)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _check(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _look(self) -> None:
        """End a wait of too long; a request leaves its timer to the next."""
        self._timer = None
        if self._waiter is None:
            return
        left = self._waits_since + self._silence_seconds - self._loop.time()
        if left <= 0:
            self._fail(TimeoutError())
        else:
            self._timer = self._loop.call_later(left, self._look)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, fault: Exception) -> None:
        self._fault = self._fault or fault
        self._keeps_alive = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._fault)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be open; called by the loop."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Be closed, which may be the end of a body; called by the loop."""
        self._pool.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._parser is not None and self._ends_with_connection and exc is None:
            self.is_complete = True
            self._wake()
        self._fail(exc if isinstance(exc, OSError) else ConnectionResetError("the service closed"))
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Take a part of the answer; called by the loop."""
        if self._parser is None:  # nobody has asked anything
            self._transport.close()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(MalformedAnswerError(str(error)))
            return
        if self._is_head_done:
            self._wake()
            if self._held_bytes > _HELD_BYTES and not self.is_complete and self._is_reading:
                self._is_reading = False
                self._transport.pause_reading()
        else:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._fail(MalformedAnswerError("a head without an end"))

    def pause_writing(self) -> None:
        """Have writers wait; called by the loop."""
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let writers go on; called by the loop."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def on_message_begin(self) -> None:
        """Note what follows a whole answer, which nobody asked for; called by the parser."""
        if self.is_complete:
            self._keeps_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which is dropped; called by the parser."""
        if not self._is_head_done:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the head; called by the parser."""
        parser = cast("HttpResponseParser", self._parser)
        status: int = parser.get_status_code()
        if self._is_head_done:
            return
        if status > _LAST_STATUS:
            raise MalformedAnswerError  # which stops the parser
        if status <= _LAST_INTERIM:
            self.headers.clear()
            return
        self.status = status
        self._keeps_alive = parser.should_keep_alive()
        is_chunked = False
        for name, value in self.headers:
            if len(name) == len(_LENGTH) and name.lower() == _LENGTH:
                self.length = int(value)
            elif len(name) == len(_ENCODING) and name.lower() == _ENCODING:
                is_chunked = True
        if not self._has_payload or status in _NO_BODY:
            self.is_complete = True
        elif self.length is None and not is_chunked:
            self._ends_with_connection = True
        self._is_head_done = True

    def on_body(self, data: bytes) -> None:
        """Take a part of the body; called by the parser."""
        if self.is_complete:  # a body where there can be none
            self._keeps_alive = False
            return
        self._parts.append(data)
        self._held_bytes += len(data)

    def on_message_complete(self) -> None:
        """Note the end of the answer; called by the parser."""
        if self._is_head_done:
            self.is_complete = True


class ConnectionPool:
    """Keeps connections to one process of a service.

    Args:
        url: Where it listens.
        silence_seconds: How long an answer, or a part of it, is waited for.
        sockets: Folder of Unix sockets: that of its port is preferred where it is on this machine.
    """

    def __init__(self, url: str, silence_seconds: float, sockets: str = "") -> None:
        self._parts = urlsplit(url)
        self._is_encrypted = self._parts.scheme == "https"
        self.port = self._parts.port or (443 if self._is_encrypted else 80)
        is_here = self._parts.hostname in _THIS_MACHINE and not self._is_encrypted
        self._socket = socket_of(sockets, self.port) if is_here else ""
        self._silence_seconds = silence_seconds
        self._loop = asyncio.get_running_loop()
        self._idle: list[ServiceConnection] = []
        self._open: set[ServiceConnection] = set()

    async def take(self) -> ServiceConnection:
        """Return a connection that nobody uses: the one used last, or a new one.

        Raises:
            OSError: none can be made (in time).
        """
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                if self._loop.time() - connection.idle_since < KEEP_ALIVE_SECONDS:
                    return connection
                connection.close()
        async with asyncio.timeout(CONNECT_SECONDS):
            made = await self._connected()
        self._open.add(made)
        return made

    async def _connected(self) -> ServiceConnection:
        if self._socket:
            with suppress(OSError):  # nobody listens there: the port says what that means
                _, made = await self._loop.create_unix_connection(self._protocol, self._socket)
                return made
        _, made = await self._loop.create_connection(
            self._protocol,
            self._parts.hostname or "",
            self.port,
            ssl=TRUST if self._is_encrypted else None,
        )
        return made

    def _protocol(self) -> ServiceConnection:
        return ServiceConnection(self, self._silence_seconds)

    def give_back(self, connection: ServiceConnection) -> None:
        """Keep a connection for the next request."""
        self._idle.append(connection)

    def forget(self, connection: ServiceConnection) -> None:
        """Count a connection that has ended no longer."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        """End all connections."""
        for connection in list(self._open):
            connection.close()
