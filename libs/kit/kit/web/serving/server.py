"""Ends the answers that would never end, when the process stops."""

from collections.abc import Callable
from socket import socket

import uvicorn


class DrainingServer(uvicorn.Server):
    """Serves by uvicorn, which by itself would wait in vain for streams to end."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """End the streams, then let the other answers finish; called by uvicorn."""
        self._stopping()
        await super().shutdown(sockets)
