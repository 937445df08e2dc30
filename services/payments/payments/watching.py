"""Lets streams wait for changes of payments, holding no database connection meanwhile.

A commit in this process has the table looked at once, and wakes those concerned; a slow poll finds
what other processes committed.
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
from kit.messaging.doorbell import Doorbell
from kit.tasks import for_ever
from payments.bound_refusals import TooManyStreams
from payments.repository import Changes

POLL_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.02  # commits in between are one look
MOST_OF_ONE_USER: Final = 20


class Watchers:
    """Who watches which payment, or all of a person's, in this process."""

    def __init__(self) -> None:
        self.bell = Doorbell()
        self._watching: dict[UUID, set[Doorbell]] = {}
        self._of_user: Counter[UUID] = Counter()
        self._tail: Tail | None = None

    def require_place(self, user_id: UUID) -> None:
        """Raise TooManyStreams where the user watches enough already."""
        if self._of_user[user_id] >= MOST_OF_ONE_USER:
            raise TooManyStreams(most=MOST_OF_ONE_USER)

    @contextmanager
    def watch(self, subject: UUID, user_id: UUID) -> Iterator[Doorbell]:
        """Give a bell that rings when something becomes of the subject."""
        bell = Doorbell()
        bells = self._watching.setdefault(subject, set())
        bells.add(bell)
        self._of_user[user_id] += 1
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells:
                self._watching.pop(subject, None)
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]

    def wake_all(self) -> None:
        """Have every stream look at once whether it may go on."""
        for bells in self._watching.values():
            for bell in bells:
                bell.ring()

    async def run(self, database: Database) -> None:
        """Wake those concerned, until cancelled."""
        database.doorbell.rings(self.bell)
        await for_ever("payments.watchers", lambda: self._run(database))

    async def _run(self, database: Database) -> None:
        while True:
            await self.bell.wait(POLL_SECONDS)
            await self.look(database)
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self, database: Database) -> None:
        """Look once, where anybody watches."""
        if not self._watching:
            self._tail = None
            return
        async with database.read() as connection:
            changes = Changes(connection)
            if self._tail is None:
                self._tail = await changes.newest(time.monotonic())
                concerned = set(self._watching)  # something may have come before
            else:
                concerned = await changes.concerned(self._tail, time.monotonic())
        for subject in concerned:
            for bell in self._watching.get(subject, ()):
                bell.ring()
