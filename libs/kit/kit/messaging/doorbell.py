"""Wakes the relay when rows have been committed; a hint only, the relay's poll is the guarantee."""

import asyncio


class WakeUp:
    """Many ring it, one waits; any number of rings before a wait count as one."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._others: list[WakeUp] = []

    def ring(self) -> None:
        """Wake the waiter, now or at its next wait."""
        self._rung.set()
        for other in self._others:
            other.ring()

    def rings(self, other: "WakeUp") -> None:
        """Have another bell rung with this one from now on."""
        self._others.append(other)

    async def wait(self, timeout_seconds: float) -> bool:
        """Return True once rung, False after the timeout."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
