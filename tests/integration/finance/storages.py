"""Storages that fail as real ones do: they never answer, or stop in the middle."""

import asyncio
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field

from tests.integration.finance.files import BUCKET

_CHUNK = 64 * 1024
_STORED = re.compile(rb"^PUT /[^/]+/([^ ?]+)[^ ]* HTTP/1", re.MULTILINE)
_DELETED = re.compile(rb"<Key>([^<]+)</Key>")  # of a list, in one request

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def stalled() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Open a storage that never answers; yield its address, and what is set once it is asked."""
    asked = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with _listening(hold) as address:
        yield address, asked


@asynccontextmanager
async def interrupted(*, asks: float = math.inf, answers: float = math.inf) -> AsyncIterator[str]:
    """Open a way to the real storage that stops in the middle; yield its address.

    Args:
        asks: Of what a connection asks so many bytes are read, and then no more.
        answers: Of what is answered to it so many bytes are passed on.
    """

    async with _listening(_relay(asks, answers, lambda _: None)) as address:
        yield address


@dataclass
class Overheard:
    """What somebody has asked of a storage, by keys."""

    stored: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    def hear(self, chunk: bytes) -> None:
        """Take some of what is asked."""
        self.stored |= {key.decode() for key in _STORED.findall(chunk)}
        self.deleted |= {key.decode() for key in _DELETED.findall(chunk)}


@asynccontextmanager
async def overheard() -> AsyncIterator[tuple[str, Overheard]]:
    """Open a way to the real storage; yield its address, and what is asked there."""
    asked = Overheard()
    async with _listening(_relay(math.inf, math.inf, asked.hear)) as address:
        yield address, asked


def _relay(asks: float, answers: float, hear: Callable[[bytes], None]) -> Talk:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        its_reader, its_writer = await asyncio.open_connection(BUCKET.hostname, BUCKET.port)
        with closing(its_writer):
            await asyncio.gather(
                _passed(reader, its_writer, asks, hear),
                _passed(its_reader, writer, answers, lambda _: None),
            )

    return relay


async def _passed(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    most: float,
    hear: Callable[[bytes], None],
) -> None:
    """Pass bytes on to their end, or so many; then the connection stays open, and still."""
    while most and (chunk := await reader.read(int(min(most, _CHUNK)))):
        hear(chunk)
        writer.write(chunk)
        most -= len(chunk)
    if most:
        writer.close()


@asynccontextmanager
async def _listening(talk: Talk) -> AsyncIterator[str]:
    talks = set[asyncio.Task[None]]()

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking = asyncio.current_task()
        assert talking is not None
        talks.add(talking)
        with suppress(asyncio.CancelledError), closing(writer):
            await talk(reader, writer)

    async with await asyncio.start_server(kept, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for talking in talks:
            talking.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
