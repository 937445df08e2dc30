"""Lets streams wait for changes of payments without a database connection.

After a commit in this process, or one that another tells of, the table is read once, and the
streams concerned are woken; a slow poll finds what nobody told of.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.db.tail import Tail
from kit.tasks import for_ever
from kit.wake_up import WakeUp
from payments.refusals import TooManyStreams
from payments.repository import Changes

POLL_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.02  # commits in between are found by one statement
MOST_OF_ONE_USER: Final = 20


class Watchers:
    """The streams of this process, by the payment or the user that they watch."""

    def __init__(self, *, poll_seconds: float = POLL_SECONDS) -> None:
        """Take how often to look for what no process tells of."""
        self._poll_seconds = poll_seconds
        self.wake_up = WakeUp()
        self._watching: dict[UUID, set[WakeUp]] = {}
        self._of_user: Counter[UUID] = Counter()
        self._tail: Tail | None = None

    def require_place(self, user_id: UUID) -> None:
        """Raise TooManyStreams where the user watches enough already."""
        if self._of_user[user_id] >= MOST_OF_ONE_USER:
            raise TooManyStreams(most=MOST_OF_ONE_USER)

    @contextmanager
    def watch(self, subject: UUID, user_id: UUID) -> Iterator[WakeUp]:
        """Give a wake-up that is set when the payment, or a payment of the user, changes."""
        wake_up = WakeUp()
        wake_ups = self._watching.setdefault(subject, set())
        wake_ups.add(wake_up)
        self._of_user[user_id] += 1
        try:
            yield wake_up
        finally:
            wake_ups.discard(wake_up)
            if not wake_ups:
                self._watching.pop(subject, None)
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]

    def wake_all(self) -> None:
        """Make every stream check at once whether it may go on."""
        for wake_ups in self._watching.values():
            for wake_up in wake_ups:
                wake_up.set()

    async def run(self, database: Database) -> None:
        """Wake the streams concerned, until cancelled."""
        for wake_up in (database.wake_up, database.elsewhere):
            wake_up.also_sets(self.wake_up)
        await for_ever("payments.watchers", lambda: self._run(database))

    async def _run(self, database: Database) -> None:
        while True:
            await self.wake_up.wait(self._poll_seconds)
            await self.look(database)
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self, database: Database) -> None:
        """Look once, if anybody watches."""
        if not self._watching:
            self._tail = None
            return
        async with database.read() as connection:
            changes = Changes(connection)
            if self._tail is None:
                self._tail = await changes.newest(time.monotonic())
                concerned = set(self._watching)  # changes may have come before the first look
            else:
                concerned = await changes.concerned(self._tail, time.monotonic())
        for subject in concerned:
            for wake_up in self._watching.get(subject, ()):
                wake_up.set()
