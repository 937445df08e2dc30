"""Ends what would never end when a process stops; looks for garbage rarely."""

import gc
from collections.abc import Callable
from socket import socket
from typing import Final

import uvicorn

# A batch of a thousand messages makes tens of thousands of objects that end with it, and so do some
# hundred requests at once; hardly any is cyclic. At Python's own 700 the collector searched them
# over and over.
COLLECT_AFTER: Final = (50_000, 20, 20)


def collect_rarely() -> None:
    """Look for garbage rarely, and not at all among what was made at the start.

    That lives as long as the process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


class DrainingServer(uvicorn.Server):
    """Serves by uvicorn, which by itself would wait in vain for streams to end."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the streams, then let the other answers finish; called by uvicorn."""
        self._stopping()
        await super().shutdown(sockets)
