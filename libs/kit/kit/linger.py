"""Waits a moment for company, where the last batch had some.

A batch shares its round trips and its COMMIT, so under load a moment more before the next one saves
CPU. Whoever comes alone waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final


class Linger:
    """Lets the next batch gather, for as long as batches hold more than one item."""

    def __init__(
        self, seconds: float, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._seconds = seconds
        self._sleep = sleep

    async def after(self, items: int) -> None:
        """Wait, if the batch that has just been done held more than one item."""
        if items > 1 and self._seconds:
            await self._sleep(self._seconds)


NEVER: Final = Linger(0)
SHORT: Final = Linger(0.004)  # what a caller waits for; a commit takes about as long
LONG: Final = Linger(0.2)  # news for people, who read them a moment later
