"""Waits until a row may be due: soon after a commit, else when its time comes.

A loop over rows with a time in them looks once a second while its service works, so that it costs
the same under any load; in a service that commits nothing it looks when the first of them is due.
"""

import math
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from kit.db.database import Database
from kit.db.unit_of_work import Connection
from kit.wake_up import WakeUp

LOOK_SECONDS: Final = 1.0
# For what another process has planned: an operator's, or a second worker's whose wake-ups go to
# the one that relays.
LONGEST_SECONDS: Final = 5.0
QUIET_POLLS: Final = 12  # before a loop looks although nothing seems to be due


class DueWatch:
    """The time between two looks of one loop."""

    def __init__(
        self,
        database: Database,
        next_at: Callable[[Connection], Awaitable[datetime | None]],
        *,
        at_once: WakeUp | None = None,
        polls: tuple[float, float] = (LOOK_SECONDS, LONGEST_SECONDS),
    ) -> None:
        """Take how to learn when the first row is due.

        Args:
            database: Whose commits may have planned something; those that did set its wake-up.
            next_at: Reads the time of the first row; None where there is none.
            at_once: Ends any wait at once.
            polls: Between two looks, and between two readings of that time, in seconds.
        """
        self._database = database
        self._next_at = next_at
        self._at_once = at_once or WakeUp()
        self._soon = WakeUp()
        self._first_poll, self._last_poll = polls
        self._at_once.also_sets(self._soon)
        database.wake_up.also_sets(self._soon)

    async def wait(self) -> None:
        """Return when there may be something due."""
        if await self._at_once.wait(self._first_poll) or await self._soon.wait(0):
            return
        for _ in range(QUIET_POLLS):
            left = await self._seconds_left()
            if left <= 0 or await self._soon.wait(min(left, self._last_poll)):
                return
            if left <= self._last_poll:
                return

    async def _seconds_left(self) -> float:
        """Return how long it is until the first row is due.

        Infinite where there is none.
        """
        async with self._database.read() as connection:
            at = await self._next_at(connection)
        return math.inf if at is None else (at - self._database.clock.now()).total_seconds()
