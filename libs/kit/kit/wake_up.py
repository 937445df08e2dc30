"""Ends a loop's wait for work. The loop's own poll is the guarantee."""

import asyncio


class WakeUp:
    """Wakes one waiter; setting it many times before a wait counts as once."""

    def __init__(self) -> None:
        self._is_set = asyncio.Event()
        self._others: list[WakeUp] = []

    def set(self) -> None:
        """Wake the waiter, now or at its next wait."""
        self._is_set.set()
        for other in self._others:
            other.set()

    def also_sets(self, other: "WakeUp") -> None:
        """Set another wake-up whenever this one is set, from now on."""
        self._others.append(other)

    async def wait(self, timeout_seconds: float) -> bool:
        """Return True once it is set, False after the timeout."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._is_set.wait()
        except TimeoutError:
            return False
        self._is_set.clear()
        return True
