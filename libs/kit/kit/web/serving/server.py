"""Ends what would never end when a process stops; looks for garbage rarely."""

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from socket import socket
from typing import Final

import uvicorn

# A batch of a thousand messages makes tens of thousands of objects that end with it, and so do some
# hundred requests at once; hardly any is cyclic. At Python's own 700 the collector searched them
# over and over.
COLLECT_AFTER: Final = (50_000, 20, 20)
TICK_SECONDS: Final = 1.0  # between two dates that answers carry


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
    """

    def __init__(
        self,
        config: uvicorn.Config,
        stopping: Callable[[], None],
        *,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._is_exiting = False
        self._exits = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        super().__init__(config)
        self._stopping = stopping
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

    async def main_loop(self) -> None:
        """Renew the date that answers carry, until told to exit; called by uvicorn."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(self._tick_seconds):
                    await self._exits.wait()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the streams, then let the other answers finish; called by uvicorn."""
        self._stopping()
        await super().shutdown(sockets)
