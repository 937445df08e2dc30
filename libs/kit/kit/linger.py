"""Waits a moment for company, where others came lately.

What is done together shares its round trips and its COMMIT, so under load a moment more saves CPU.
Whoever comes alone waits for nobody, once the crowd before is forgotten.
"""

import asyncio
from asyncio import Future, get_running_loop
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
Pause = Callable[["Future[None]", float], Awaitable[object]]

QUIET_SECONDS: Final = 0.008  # nobody else comes, if nobody came in a pause of so long
MOST_PAUSES: Final = 2


def _until(ended: "Future[None]", seconds: float) -> Awaitable[object]:
    return asyncio.wait([ended], timeout=seconds)


class Gathering(Generic[T]):
    """Items that wait to be taken together.

    Those who were answered together come again together, one after another within milliseconds. So
    where several were taken lately, the first who comes waits until they are as many again, or
    nobody came for a moment. Their number is forgotten by half each time that fewer come. Who was
    left over by a take waits for nobody else.
    """

    def __init__(
        self, at_once: int, *, quiet: float = QUIET_SECONDS, pause: Pause = _until
    ) -> None:
        """Take how many are taken at once.

        Args:
            at_once: The most that `take` returns.
            quiet: How long a pause is, in seconds; where nobody came in one, the rest isn't waited
                for. Where it is 0 nobody waits.
            pause: Waits until the future is done, for so many seconds at the most.
        """
        self._at_once = at_once
        self._quiet = quiet
        self._pause = pause
        self._items: list[T] = []
        self._usual = 1  # how many are taken at once of late
        self._are_left = False
        self._enough: Future[None] | None = None

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return bool(self._items)

    def add(self, item: T) -> None:
        """Let an item wait."""
        self._items.append(item)
        if self._enough and len(self._items) >= self._usual and not self._enough.done():
            self._enough.set_result(None)

    async def take(self) -> list[T]:
        """Return the next items, the first who came first, once they have gathered."""
        if self._quiet and len(self._items) < self._usual and not self._are_left:
            await self._gather()
        taken = self._items[: self._at_once]
        del self._items[: self._at_once]
        self._are_left = bool(self._items)
        self._usual = max(len(taken), self._usual // 2)
        return taken

    async def _gather(self) -> None:
        self._enough = get_running_loop().create_future()
        try:
            for _ in range(MOST_PAUSES):
                seen = len(self._items)
                await self._pause(self._enough, self._quiet)
                if self._enough.done() or len(self._items) == seen:
                    break
        finally:
            self._enough = None

    def clear(self) -> list[T]:
        """Return all that waits, and keep nothing."""
        items, self._items = self._items, []
        self._are_left = False
        return items


class Linger:
    """Lets the next batch gather, for as long as batches hold more than one item."""

    def __init__(
        self, seconds: float, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        """Take how long to wait, in seconds."""
        self._seconds = seconds
        self._sleep = sleep

    async def after(self, items: int) -> None:
        """Wait, if the batch that has just been done held more than one item."""
        if items > 1 and self._seconds:
            await self._sleep(self._seconds)


NEVER: Final = Linger(0)
LONG: Final = Linger(0.2)  # news for people, who read them a moment later
