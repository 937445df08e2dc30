"""Lets each user have few requests at work at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from kit.refusals import Unavailable

WAIT_SECONDS: Final = 5.0  # as for a connection


class Turns:
    """Turns of users, in one process; beyond the most, a request waits for another."""

    def __init__(self, most: int, *, wait_seconds: float = WAIT_SECONDS) -> None:
        """Take how many turns a user has at once, and for how long one is waited for."""
        self._most = most
        self._wait_seconds = wait_seconds
        self._places: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, user_id: UUID) -> AsyncIterator[None]:
        """Take a turn of a user's, and give it back on leaving.

        Raises:
            Unavailable: none has become free in time.
        """
        # It lives as long as somebody has a turn, or waits for one.
        places = self._places.setdefault(user_id, asyncio.Semaphore(self._most))
        try:
            async with asyncio.timeout(self._wait_seconds):
                await places.acquire()
        except TimeoutError:
            raise Unavailable from None
        try:
            yield
        finally:
            places.release()
