"""Owns connections to Redis: of its protocol it knows RESP 2, and no command.

A call by redis-py's client costs about twice as much, and its import 6 MiB of every process.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

from kit.trust import system_trust

# A call waits no longer than this, nor does opening the connection.
TIMEOUT_SECONDS: Final = 1.0
_PORT: Final = 6379
_TRUST: Final = system_trust()
_END: Final = b"\r\n"
_NOT_WHOLE: Final = -1

RedisWord = bytes | str | int
# Numbers, bytes, None, and lists of these.
RedisReply = Any


class RedisRefusedError(Exception):
    """Redis answered with an error; its first word says which."""


class RedisLink(asyncio.Protocol):
    """An open connection to one run of Redis: it is never made again."""

    def __init__(self) -> None:
        self._received = b""
        self._asked: deque[asyncio.Future[RedisReply]] = deque()
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it may be asked."""
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for calls; called by the loop."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the calls under way; called by the loop."""
        self._transport = None
        for reply in self._asked:
            if not reply.done():
                # Of an error of its own, too: then it was no reply of Redis that came.
                reply.set_exception(ConnectionResetError(str(exc or "Redis has closed")))
        self._asked.clear()

    def data_received(self, data: bytes) -> None:
        """Take what came, which may be part of a reply; called by the loop."""
        received, at = self._received + data, 0
        while self._asked:
            reply, end = _reply(received, at)
            if end == _NOT_WHOLE:
                break
            at, asked = end, self._asked.popleft()
            if asked.done():  # its caller has gone
                continue
            if isinstance(reply, RedisRefusedError):
                asked.set_exception(reply)
            else:
                asked.set_result(reply)
        self._received = received[at:]

    def ask(self, *commands: Iterable[RedisWord]) -> list[asyncio.Future[RedisReply]]:
        """Send commands together; return what their replies will be, in their order.

        Raises:
            ConnectionResetError: the connection is closed.
        """
        if self._transport is None:
            raise ConnectionResetError("Redis has closed")
        loop = asyncio.get_running_loop()
        replies = [loop.create_future() for _ in commands]
        self._asked += replies
        self._transport.write(b"".join(map(_packed, commands)))
        return replies

    def close(self) -> None:
        """End the connection once all is sent, and the calls under way."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection now, though not all is sent: who does not read would keep it."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()


class RedisLine:
    """A connection to the Redis at an address, opened whenever it is needed.

    Args:
        url: redis:// or rediss://, with credentials and the number of a database, if any; or
            unix://:password@/path?db=0.
        timeout_seconds: The longest time that a call takes.
    """

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = urlsplit(url)
        self._timeout_seconds = timeout_seconds
        self._link: RedisLink | None = None
        self._opening = asyncio.Lock()

    async def call(self, *words: RedisWord) -> RedisReply:
        """Return Redis' reply to a command.

        Raises:
            RedisRefusedError: Redis refuses it.
            TimeoutError, OSError: there is no answer (in time).
        """
        link = self._link
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if link is None or not link.is_open:
                    link = await self._opened()
                (reply,) = link.ask(words)
                return await reply
        except TimeoutError:  # who does not answer this may not answer the next one either
            if link is not None:
                link.abort()
            raise

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._link is not None:
            self._link.close()
        self._link = None

    async def open(self) -> RedisLink:
        """Return another connection to the same Redis; who asked for it closes it."""
        url, loop = self._url, asyncio.get_running_loop()
        if url.scheme == "unix":
            _, link = await loop.create_unix_connection(RedisLink, unquote(url.path))
            database = url.query.removeprefix("db=")
        else:
            _, link = await loop.create_connection(
                RedisLink,
                url.hostname or "localhost",
                url.port or _PORT,
                ssl=_TRUST if url.scheme == "rediss" else None,
            )
            database = url.path.strip("/")
        credentials = [unquote(name) for name in (url.username, url.password) if name]
        login = [("AUTH", *credentials)] if credentials else []
        try:
            for command in (*login, ("SELECT", database or 0)):
                await link.ask(command)[0]
        except BaseException:
            link.close()
            raise
        return link

    async def _opened(self) -> RedisLink:
        async with self._opening:
            if self._link is None or not self._link.is_open:
                self._link = await self.open()
            return self._link


# Replies that are a line, by what it begins with.
_OF_LINE: Final[dict[bytes, Callable[[bytes], RedisReply]]] = {
    b":": int,
    b"+": bytes,
    b"-": lambda text: RedisRefusedError(text.decode(errors="replace")),
}


def _reply(received: bytes, at: int) -> tuple[RedisReply, int]:
    """Return the reply that begins at a place, and where it ends or `_NOT_WHOLE`."""
    end = received.find(_END, at)
    if end < 0:
        return None, _NOT_WHOLE
    kind, text, at = received[at : at + 1], received[at + 1 : end], end + len(_END)
    if (of_line := _OF_LINE.get(kind)) is not None:
        return of_line(text), at
    count = int(text)
    if count < 0:
        return None, at
    if kind == b"$":
        return _bytes(received, at, count)
    if kind == b"*":
        return _list(received, at, count)
    raise ValueError("not a reply of Redis")


def _bytes(received: bytes, at: int, size: int) -> tuple[RedisReply, int]:
    end = at + size + len(_END)
    return (received[at : at + size], end) if len(received) >= end else (None, _NOT_WHOLE)


def _list(received: bytes, at: int, count: int) -> tuple[RedisReply, int]:
    replies = []
    for _ in range(count):
        reply, at = _reply(received, at)
        if at == _NOT_WHOLE:
            break
        replies.append(reply)
    return replies, at


def _packed(words: Iterable[RedisWord]) -> bytes:
    encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    parts = [b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded]
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))
