"""A small HTTP load generator: many keep-alive connections in one loop, little work per request.

It shares the two cores with what it measures, so it must cost little: no client library.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson


class Connection:
    """One keep-alive connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> "Connection":
        """Connect to a server's URL."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def request(
        self, method: str, path: str, token: str = "", body: Any = None, prefer: str = ""
    ) -> tuple[int, bytes]:
        """Make one request; returns the status and the body's bytes."""
        sent = orjson.dumps(body) if body is not None else b""
        more = f"Authorization: Bearer {token}\r\n" if token else ""
        more += f"Prefer: {prefer}\r\n" if prefer else ""
        return await self.send(method, path, sent, more)

    async def send(
        self, method: str, path: str, sent: bytes, more: str, media_type: str = "application/json"
    ) -> tuple[int, bytes]:
        """Make one request with a body as it is; ``more`` are whole header lines."""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(sent)}\r\n"
        if sent:
            head += f"Content-Type: {media_type}\r\n"
        self._writer.write((head + more).encode() + b"\r\n" + sent)
        received = await self._reader.readuntil(b"\r\n\r\n")
        lowered = received.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 : lowered.index(b"\r", at)]) if at >= 0 else 0
        answered = await self._reader.readexactly(length) if length else b""
        return int(received[9:12]), answered

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


@dataclass
class Measured:
    """What a run gave: how many succeeded in how long, errors, and each one's seconds."""

    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    async def time(self, request: Awaitable[tuple[int, bytes]]) -> bytes:
        """Await one request, note how long it took, and return the answer's body."""
        began = time.perf_counter()
        status, body = await request
        if status == 200:
            self.took.append(time.perf_counter() - began)
        else:
            self.errors.append(f"{status}: {body[:100]!r}")
        return body

    @property
    def rate(self) -> float:
        """Successes per second."""
        return len(self.took) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the time in milliseconds that a share of all stayed within."""
        ordered = sorted(self.took)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


Turn = Callable[[Connection, int], Awaitable[str]]


async def clients(url: str, count: int, seconds: float, turn: Turn) -> Measured:
    """Let clients take turns for a while; a turn returns "" or what went wrong."""
    measured = Measured()
    connections = await asyncio.gather(*(Connection.open(url) for _ in range(count)))
    began = time.perf_counter()
    until = began + seconds

    async def play(number: int, connection: Connection) -> None:
        while (started := time.perf_counter()) < until:
            fault = await turn(connection, number)
            if fault:
                measured.errors.append(fault)
            else:
                measured.took.append(time.perf_counter() - started)

    await asyncio.gather(*(play(number, one) for number, one in enumerate(connections)))
    measured.seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return measured


async def in_parallel(work: Sequence[Callable[[], Awaitable[None]]], at_once: int) -> None:
    """Do a list of things, some at a time."""
    queue = list(work)

    async def one() -> None:
        while queue:
            await queue.pop()()

    await asyncio.gather(*(one() for _ in range(at_once)))
