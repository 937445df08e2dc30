"""Ends what would never end when a process stops; looks for garbage rarely."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any, Final, cast

import structlog
import uvicorn

# A batch of a thousand messages makes tens of thousands of objects that end with it, and so do some
# hundred requests at once; hardly any is cyclic. At Python's own 700 the collector searched them
# over and over. Few that are cyclic may hold much, such as another service's answers: for these all
# that was made since the start is searched once in a while.
COLLECT_AFTER: Final = (50_000, 20, 20)
COLLECT_TICKS: Final = 30
TICK_SECONDS: Final = 1.0  # between two dates that answers carry
_OWN_ONLY: Final = 0o600

_log = structlog.get_logger(__name__)


def collect_rarely() -> None:
    """Look for garbage rarely, and not at all among what was made at the start.

    That lives as long as the process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


class DrainingServer(uvicorn.Server):
    """Serves by uvicorn, which by itself would wait in vain for streams to end.

    Nor does it look ten times a second whether to exit: it is told.

    Args:
        config: How it listens.
        stopping: Called when it begins to stop.
        unix_socket: Where it listens besides, for processes of the same user; empty: nowhere.
        tick_seconds: Between two dates that answers carry.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        stopping: Callable[[], None],
        *,
        unix_socket: str = "",
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._is_exiting = False
        self._exits = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        super().__init__(config)
        self._stopping = stopping
        self._unix_socket = unix_socket
        self._tick_seconds = tick_seconds

    @property
    def should_exit(self) -> bool:
        """Whether it stops; uvicorn sets it, also in the handler of a signal."""
        return self._is_exiting

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        self._is_exiting = value
        if value and self._loop is not None:
            self._loop.call_soon_threadsafe(self._exits.set)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen on the port, then on the Unix socket, too; called by uvicorn."""
        await super().startup(sockets)
        if self._unix_socket:
            try:
                self.servers.append(await self._listening(self._unix_socket))
            except OSError as error:  # who would come by it comes by the port
                _log.warning("no_unix_socket", path=self._unix_socket, error=repr(error))

    async def _listening(self, path: str) -> asyncio.Server:
        def protocol() -> asyncio.Protocol:
            made: Any = self.config.http_protocol_class  # as uvicorn makes it
            state = self.lifespan.state
            one = made(config=self.config, server_state=self.server_state, app_state=state)
            return cast("asyncio.Protocol", one)

        loop = asyncio.get_running_loop()
        # What an earlier process has left there is removed by the loop.
        server = await loop.create_unix_server(
            protocol, path, backlog=self.config.backlog, start_serving=False
        )
        _keep_to_oneself(path)
        await server.start_serving()
        return server

    async def main_loop(self) -> None:
        """Renew the date that answers carry, until told to exit; called by uvicorn."""
        self._loop = asyncio.get_running_loop()
        ticks = 0
        while not await self.on_tick(0):
            ticks += 1
            if ticks % COLLECT_TICKS == 0:
                gc.collect()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._tick_seconds):
                    await self._exits.wait()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the streams, then let the other answers finish; called by uvicorn."""
        self._stopping()
        if self._unix_socket:  # while the port is taken: later it may be the next process' own
            try:
                _remove(self._unix_socket)
            except OSError as error:  # answers and commits are waited for in any case
                _log.warning("unix_socket_left", path=self._unix_socket, error=repr(error))
        await super().shutdown(sockets)


def _keep_to_oneself(path: str) -> None:
    Path(path).chmod(_OWN_ONLY)


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)
