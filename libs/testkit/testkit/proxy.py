"""Forwards TCP, and loses or refuses connections without touching the server."""

import asyncio
from typing import Self

from kit.tasks import spawn, stop


class Proxy:
    """Passes bytes between its own port and a server's."""

    def __init__(self, host: str, port: int) -> None:
        self.refuses = False
        self.refused = 0
        self._target = host, port
        self._pairs: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self.cut()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Return the port to connect to."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def cut(self) -> None:
        """Break every connection at once, without a goodbye."""
        await stop(list(self._pairs))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            self.refused += 1
            writer.transport.abort()
            return
        task = spawn(self._pair(reader, writer), "proxy")
        self._pairs.add(task)
        task.add_done_callback(self._pairs.discard)

    async def _pair(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ways: list[asyncio.Task[None]] = []
        writers = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            writers.append(far_writer)
            ways.append(spawn(_pass(reader, far_writer), "proxy.up"))
            ways.append(spawn(_pass(far_reader, writer), "proxy.down"))
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in writers:
                one.transport.abort()
            await stop(ways)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return
