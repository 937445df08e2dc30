"""Owns the one connection to Redis by which requests are counted.

It knows as much of RESP as that takes. A call by redis-py's client costs eight times as much.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final, cast

from redis.asyncio.connection import SSLConnection, parse_url

# A call waits no longer than this, nor does opening the connection.
TIMEOUT_SECONDS: Final = 0.25
_END: Final = b"\r\n"

RedisReply = list[int] | bytes


class RedisRefusedError(Exception):
    """Redis answered with an error; its first word says which."""


class _Link(asyncio.Protocol):
    """An open connection, with one call under way at most."""

    def __init__(self) -> None:
        self._received = b""
        self._reply: asyncio.Future[RedisReply] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for calls; called by the loop."""
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the call under way; called by the loop."""
        self.transport = None
        if self._reply is not None and not self._reply.done():
            # Of an error of its own, too: then it was no reply of Redis that came.
            self._reply.set_exception(ConnectionResetError(str(exc or "Redis has closed")))

    def data_received(self, data: bytes) -> None:
        """Take what came, which may be part of a reply; called by the loop."""
        self._received += data
        lines = self._received.split(_END)
        count = int(lines[0][1:]) if lines[0][:1] == b"*" and len(lines) > 1 else 0
        if len(lines) < count + 2 or self._reply is None or self._reply.done():
            return
        self._received = b""  # one call, one reply
        if lines[0][:1] == b"-":
            self._reply.set_exception(RedisRefusedError(lines[0][1:].decode(errors="replace")))
        elif count:
            self._reply.set_result([int(line[1:]) for line in lines[1 : count + 1]])
        else:
            self._reply.set_result(lines[0][1:])

    async def call(self, words: Iterable[bytes]) -> RedisReply:
        """Return the reply to a command."""
        if self.transport is None:
            raise ConnectionResetError("Redis has closed")
        self._reply = asyncio.get_running_loop().create_future()
        self.transport.write(_packed(words))
        return await self._reply

    def close(self) -> None:
        """End the connection."""
        if self.transport is not None:
            self.transport.close()


class RedisLine:
    """A connection to the Redis at an address, opened when it is needed.

    Args:
        url: redis://, rediss:// or unix://, with credentials and the number of a database, if any.
    """

    def __init__(self, url: str) -> None:
        self._address: dict[str, Any] = dict(parse_url(url))
        self._link: _Link | None = None

    async def call(self, *words: bytes) -> RedisReply:
        """Return Redis' reply to a command; there must be no other call under way.

        Raises:
            RedisRefusedError: Redis refuses it.
            TimeoutError, OSError: there is no answer (in time).
        """
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                if self._link is None or self._link.transport is None:
                    self._link = await self._opened()
                return await self._link.call(words)
        except TimeoutError:  # its reply may still come, and would be taken for the next one's
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._link is not None:
            self._link.close()
        self._link = None

    async def _opened(self) -> _Link:
        address, loop = self._address, asyncio.get_running_loop()
        if "path" in address:
            _, link = await loop.create_unix_connection(_Link, address["path"])
        else:
            _, link = await loop.create_connection(
                _Link,
                address.get("host", "localhost"),
                address.get("port", 6379),
                ssl=True if address.get("connection_class") is SSLConnection else None,
            )
        names = (address.get("username"), address.get("password"))
        try:
            if credentials := [name.encode() for name in names if name]:
                await link.call((b"AUTH", *credentials))
            await link.call((b"SELECT", b"%d" % address.get("db", 0)))
        except BaseException:
            link.close()
            raise
        return link


def _packed(words: Iterable[bytes]) -> bytes:
    parts = [b"$%d\r\n%b\r\n" % (len(word), word) for word in words]
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))
