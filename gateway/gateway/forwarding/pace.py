"""Holds a caller who sends a body to a least rate."""

import asyncio
from typing import Final

from starlette.types import Message, Receive

from gateway.refusals import RequestTooSlow

LEAST_BYTES: Final = 1024


class Pace:
    """Counts the time that a body is waited for, and what comes in it.

    Only the waiting counts: whoever sends fast may be held up by a service that reads slowly.
    """

    def __init__(self, seconds: float) -> None:
        """Take the longest wait for each further `LEAST_BYTES`, or for the end."""
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._renew()

    def _renew(self) -> None:
        self._left_seconds = self._seconds
        self._owed_bytes = LEAST_BYTES

    async def receive(self, receive: Receive) -> Message:
        """Return what comes next.

        Raises:
            RequestTooSlow: too little has come in the time.
        """
        began = self._loop.time()
        try:
            async with asyncio.timeout(self._left_seconds):
                message = await receive()
        except TimeoutError:
            raise RequestTooSlow from None
        self._left_seconds -= self._loop.time() - began
        self._owed_bytes -= len(message.get("body", b""))
        if self._owed_bytes <= 0:
            self._renew()
        return message
