"""Real Redis, reached through a connection that a test can freeze or cut."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from urllib.parse import SplitResult, urlsplit

import pytest

from kit.redis import RedisLine
from kit.tokens import mark_complete, run_of


class Wire:
    """A TCP relay to Redis; `freeze` stops the bytes, `cut` drops and refuses connections."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self.port = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self.mend()
            server.close()
            for writer in self._writers:
                writer.close()
            await server.wait_closed()

    def freeze(self) -> None:
        self._flowing.clear()

    def cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.close()

    def mend(self) -> None:
        self._is_cut = False
        self._flowing.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


def own_url() -> SplitResult:
    """Return the URL of a database that no other worker uses, nor any other test.

    One that marks it as complete would make it so for all, and what is odd here they would log.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return urlsplit(os.environ["SALDO_TEST_REDIS"])._replace(path=f"/{1 + worker % 7}")


@pytest.fixture
async def redis() -> AsyncIterator[RedisLine]:
    """Auth's side: a plain connection to a Redis that auth has filled."""
    with contextlib.closing(RedisLine(own_url().geturl())) as line:
        await mark_complete(line, await run_of(line))
        yield line


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    url = own_url()
    assert url.hostname is not None
    async with Wire(url.hostname, url.port or 6379).open() as wire:
        yield wire


@pytest.fixture
def follower_url(wire: Wire) -> str:
    """Return Redis's URL by way of the wire."""
    url = own_url()
    login, at, _ = url.netloc.rpartition("@")
    return url._replace(netloc=f"{login}{at}127.0.0.1:{wire.port}").geturl()


@pytest.fixture
def follower_redis(follower_url: str) -> RedisLine:
    """The verifier's side: through the wire."""
    return RedisLine(follower_url)
