"""Wakes the relay when rows have been committed; a hint only, the relay's poll is the guarantee."""

import asyncio


class Doorbell:
    """Many ring it, one waits; any number of rings before a wait count as one."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiter, now or at its next wait."""
        self._rung.set()

    async def wait(self, timeout_seconds: float) -> bool:
        """Return True once rung, False after the timeout."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
