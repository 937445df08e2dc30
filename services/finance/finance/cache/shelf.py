"""Reaches Redis for kept reports, in a tight time, or not at all.

What stands there may be gone at any moment; nothing relies on it.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, Self, cast

from kit.breaker import Breaker, BreakerLimits
from kit.redis import RedisLine, RedisRefusedError, RedisReply, RedisWord

# Computing most reports takes no longer than waiting for a Redis that is slower than this.
TIMEOUT_SECONDS: Final = 0.2
_LIMITS: Final = BreakerLimits(least_calls=5, most_calls=20, window_seconds=10.0, good_probes=1)
# A claim may have ended by itself, and be somebody else's by now.
_RELEASE: Final = """
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0
"""


class ShelfUnreachableError(Exception):
    """Redis did not answer, or is not asked because it lately did not."""


class ReportShelf:
    """Keeps bytes by name, for a time; lets one of several claim a name."""

    def __init__(
        self, redis: RedisLine, ttl: timedelta, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Take a client that does not wait long, as ``opened`` makes it."""
        self._redis = redis
        self._ttl = ttl
        self._monotonic = monotonic
        self._breaker = Breaker("reports", _LIMITS)

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, ttl: timedelta) -> AsyncIterator[Self]:
        """Open a client of Redis that gives up soon."""
        redis = RedisLine(url, timeout_seconds=TIMEOUT_SECONDS)
        try:
            yield cls(redis, ttl)
        finally:
            redis.close()

    async def get(self, name: str) -> bytes | None:
        """Return what is kept under a name, None where nothing is.

        Raises:
            ShelfUnreachableError: Redis does not answer.
        """
        return cast("bytes | None", await self._ask("GET", name))

    async def put(self, name: str, body: bytes) -> None:
        """Keep bytes under a name for the time to live; raises as ``get`` does."""
        await self._ask("SET", name, body, "PX", self._ttl // timedelta(milliseconds=1))

    async def claim(self, name: str, claimant: bytes, for_milliseconds: int) -> bool:
        """Tell whether nobody else has claimed a name; raises as ``get`` does.

        The claim ends by itself. A claimant has bytes of their own for each claim.
        """
        return bool(await self._ask("SET", name, claimant, "NX", "PX", for_milliseconds))

    async def release(self, name: str, claimant: bytes) -> None:
        """End the claim of a claimant, and no other; raises as ``get`` does."""
        await self._ask("EVAL", _RELEASE, 1, name, claimant)

    async def _ask(self, *words: RedisWord) -> RedisReply:
        ticket = self._breaker.begin(self._monotonic())
        if ticket is None:
            raise ShelfUnreachableError
        is_good: bool | None = None
        try:
            answer = await self._redis.call(*words)
        except (RedisRefusedError, OSError, TimeoutError) as error:
            is_good = False
            raise ShelfUnreachableError from error
        else:
            is_good = True
            return answer
        finally:
            self._breaker.end(ticket, self._monotonic(), is_good=is_good)
