"""Acknowledges several batches at once, a moment after the first of them.

An acknowledgement costs the broker about a quarter of what a message does: it is an entry in the
queue's log. What is handled and not acknowledged yet comes again where the process dies, and has no
second effect.
"""

import asyncio
from contextlib import suppress

from kit.messaging.broker import BrokerUnavailableError, Subscription
from kit.tasks import spawn

SECONDS = 0.2
MOST_MESSAGES = 100  # a third of the prefetch, so that deliveries never wait for it


class Acknowledgements:
    """The acknowledgements of a subscription, whose tags count from 1."""

    def __init__(self, subscription: Subscription, *, seconds: float = SECONDS) -> None:
        """Take whose they are, and how long the first of several waits."""
        self._subscription = subscription
        self._seconds = seconds
        self._handled = 0
        self._told = 0
        self._soon: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()  # where a broker's way of acknowledging waits, none overtakes

    async def ack_through(self, tag: int) -> None:
        """Acknowledge a delivery and all before it, soon.

        Raises:
            BrokerUnavailableError: there were many to acknowledge, and the broker is gone.
        """
        self._handled = tag
        if tag - self._told >= MOST_MESSAGES:
            await self._tell()
        elif self._soon is None:
            self._soon = spawn(self._tell_soon(), "acknowledgements")

    async def end(self) -> None:
        """Acknowledge what is left, unless the broker is gone."""
        if self._soon is not None:
            self._soon.cancel()
        with suppress(BrokerUnavailableError):
            await self._tell()

    async def _tell_soon(self) -> None:
        await asyncio.sleep(self._seconds)
        self._soon = None
        with suppress(BrokerUnavailableError):  # which whoever takes the next delivery is told
            await self._tell()

    async def _tell(self) -> None:
        async with self._turn:
            if self._handled > self._told:
                self._told = self._handled
                await self._subscription.ack_through(self._told)
