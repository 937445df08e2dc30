"""Lets requests wait for something to change without a connection held.

A change in this process wakes the waiting requests after COMMIT. What other processes changed is
looked for when they tell of a commit (`kit.messaging.replicas`), and by a slow poll. A service says
what its waiters wait for.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from kit.db import Connection, Database
from kit.tasks import for_ever
from kit.wake_up import WakeUp

POLL_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.01  # what others commit meanwhile is found by one look


class _Identified(Protocol):
    @property
    def id(self) -> UUID: ...


T = TypeVar("T", bound=_Identified)


class Waiters(ABC, Generic[T]):
    """The requests of this process that wait for an item, by the item's id."""

    def __init__(self, *, poll_seconds: float = POLL_SECONDS) -> None:
        """Take how often to look for what no process tells of."""
        self._poll_seconds = poll_seconds
        self._waiting: dict[UUID, set[_Waiter[T]]] = {}
        self._elsewhere = WakeUp()

    @abstractmethod
    async def _news(self, connection: Connection, ids: Iterable[UUID]) -> list[T]:
        """Return those of the items that somebody may be waiting for."""

    def _expected(
        self, item_id: UUID, is_awaited: Callable[[T], bool]
    ) -> AbstractContextManager[asyncio.Future[T]]:
        return _Waiter(self._waiting, item_id, is_awaited)

    def wake(self, news: Iterable[T]) -> None:
        """Wake the requests that wait for these items to be as they are now."""
        for item in news:
            for waiter in self._waiting.get(item.id, ()):
                if not waiter.future.done() and waiter.is_awaited(item):
                    waiter.future.set_result(item)

    async def poll(self, database: Database) -> None:
        """Look for items that other processes changed, by one statement, until cancelled."""
        database.elsewhere.also_sets(self._elsewhere)
        await for_ever(f"{database.name}.{type(self).__name__}", lambda: self._poll(database))

    async def _poll(self, database: Database) -> bool:
        await self._elsewhere.wait(self._poll_seconds)
        await self.look(database)
        await asyncio.sleep(PAUSE_SECONDS)
        return True

    async def look(self, database: Database) -> None:
        """Look once."""
        if self._waiting:
            async with database.read() as connection:
                self.wake(await self._news(connection, self._waiting))


async def in_time(news: asyncio.Future[T], seconds: float) -> T | None:
    """Return the news if it comes within so many seconds, else None.

    The news ends with that. A timer is all it takes: `asyncio.timeout` costs 3 µs more.
    """
    waited: asyncio.Future[Any] = news
    timer = waited.get_loop().call_later(seconds, _give_up, waited)
    try:
        found: T | None = await waited
    finally:
        timer.cancel()
    return found


def _give_up(waited: asyncio.Future[Any]) -> None:
    if not waited.done():
        waited.set_result(None)


class _Waiter(Generic[T]):
    """One request that waits until its item fulfils a condition; while it is entered."""

    def __init__(
        self,
        waiting: dict[UUID, set["_Waiter[T]"]],
        item_id: UUID,
        is_awaited: Callable[[T], bool],
    ) -> None:
        self._waiting = waiting
        self._item_id = item_id
        self.is_awaited = is_awaited
        self.future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def __enter__(self) -> asyncio.Future[T]:
        self._waiting.setdefault(self._item_id, set()).add(self)
        return self.future

    def __exit__(self, *_: object) -> None:
        waiters = self._waiting[self._item_id]
        waiters.discard(self)
        if not waiters:
            del self._waiting[self._item_id]


class Places:
    """Limits how many requests of each user wait in this process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[UUID, int] = {}

    @contextmanager
    def place(self, user_id: UUID) -> Iterator[bool]:
        """Take a place for as long as the block runs; False where the user has none left."""
        taken = self._taken.get(user_id, 0)
        if taken >= self._most:
            yield False
            return
        self._taken[user_id] = taken + 1
        try:
            yield True
        finally:
            left = self._taken.pop(user_id) - 1
            if left:
                self._taken[user_id] = left
