"""Storages that fail as real ones do: they never answer, or stop in the middle."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.integration.finance.files import BUCKET

_CHUNK = 64 * 1024

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

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        its_reader, its_writer = await asyncio.open_connection(BUCKET.hostname, BUCKET.port)
        try:
            await asyncio.gather(
                _passed(reader, its_writer, asks), _passed(its_reader, writer, answers)
            )
        finally:
            its_writer.close()

    async with _listening(relay) as address:
        yield address


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: float) -> None:
    """Pass bytes on to their end, or so many; then the connection stays open, and still."""
    while most and (chunk := await reader.read(int(min(most, _CHUNK)))):
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
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(kept, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for talking in talks:
            talking.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
