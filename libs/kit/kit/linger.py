"""Waits a moment for company, where the last batch had some.

A batch shares its round trips and its COMMIT, so under load a moment more before the next one saves
CPU. Whoever comes alone waits for nobody. The moment is as long as the batch took, within bounds:
so a step takes about twice its time at the most, and the busier the machine is, the larger batches
grow.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Final


class Linger:
    """Lets the next batch gather, for as long as batches hold more than one item."""

    def __init__(
        self,
        most: float,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        *,
        least: float = 0.0,
    ) -> None:
        """Take the bounds of a wait, in seconds."""
        self._least = least
        self._most = most
        self._sleep = sleep

    async def after(self, items: int, took: float = math.inf) -> None:
        """Wait, if the batch that has just been done held more than one item.

        ``took`` is how long it took, in seconds.
        """
        if items > 1 and self._most:
            await self._sleep(min(max(self._least, took), self._most))


NEVER: Final = Linger(0)
SHORT: Final = Linger(0.016, least=0.002)  # what a caller waits for
LONG: Final = Linger(0.2, least=0.2)  # news for people, who read them a moment later
