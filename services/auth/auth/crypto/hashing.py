"""Hashes and verifies passwords off the event loop, in its own thread pool.

argon2id with m=19 MiB, t=2, p=1 (OWASP Password Storage). It does not judge passwords.
"""

import asyncio
import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from passlib.context import CryptContext

from kit.refusals import Unavailable

Result = TypeVar("Result")

_CONTEXT: Final[Any] = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19 * 1024,
    argon2__time_cost=2,
    argon2__parallelism=1,
)


IDLE_SECONDS: Final = 10.0


def give_back() -> None:
    """Return freed memory to the system (glibc only; other libcs do it themselves)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class PasswordHasher:
    """Hashes with one thread for each core: more would only make every login wait.

    Args:
        queue: how many may wait; beyond that `Unavailable` is raised at once.
        idle_seconds: after so long without work the memory of the last hashes is returned to the
            system. Returning it after each hash (by mmap) made a hash take half as long again.
        give_back: returns the memory.

    `hashes` counts those made and verified: what an answer costs, whatever the machine.
    """

    def __init__(
        self,
        *,
        queue: int,
        idle_seconds: float = IDLE_SECONDS,
        give_back: Callable[[], None] = give_back,
    ) -> None:
        self._idle_seconds = idle_seconds
        self._give_back = give_back
        self._rest: asyncio.TimerHandle | None = None
        threads = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="hash")
        self._most = threads + queue
        self._under_way = 0
        self.hashes = 0
        # Verified if there is no such user, so that both answers take equally long.
        self._nobody = _CONTEXT.hash(os.urandom(16).hex())

    async def hash(self, password: str) -> str:
        """Return the hash of a password in its canonical form."""
        hashed: str = await self._run(lambda: _CONTEXT.hash(password))
        return hashed

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Tell whether the password is right; without a hash, use the same time."""
        matches: bool = await self._run(
            lambda: _CONTEXT.verify(password, password_hash or self._nobody)
        )
        return matches and password_hash is not None

    def close(self) -> None:
        """Finish the hashes under way and end the threads."""
        if self._rest is not None:
            self._rest.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._under_way >= self._most:
            raise Unavailable
        self._under_way += 1
        self.hashes += 1
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, work)
        finally:
            self._under_way -= 1
            if self._rest is not None:
                self._rest.cancel()
            self._rest = loop.call_later(self._idle_seconds, self._give_back)
