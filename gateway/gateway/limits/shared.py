"""Counts the requests of callers in Redis, for all gateways together.

Requests that arrive while Redis is asked for others are counted by the next call, all at once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Final, NamedTuple, Self, cast

from gateway.limits.policies import Policy
from kit.breaker import Breaker, BreakerLimits
from kit.linger import Linger
from kit.redis import RedisLine, RedisRefusedError
from kit.tasks import spawn

TIMEOUT_SECONDS: Final = 0.25
_MOST_AT_ONCE: Final = 256
_PREFIX: Final = b"rate:"
_LINGER: Final = Linger(0.001)  # of a caller's next requests most are counted already
# One failure is enough: every request that waits for Redis waits for the time-out.
_LIMITS: Final = BreakerLimits(least_calls=1, most_calls=1, rest_seconds=0.5, good_probes=1)
# `LocalCounts.take` and `Policy.ahead_at` for each key; the clock is Redis' own, which all gateways
# share. Should that be set back, nobody waits for longer than a whole quota.
_SCRIPT: Final = """
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local levels = {}
for i, key in ipairs(KEYS) do
  local interval, most, ahead = string.match(ARGV[i], "(%d+) (%d+) (%d+)")
  interval, most, ahead = tonumber(interval), tonumber(most), tonumber(ahead)
  local used = math.max(tonumber(redis.call("GET", key) or 0) - now, 0)
  local level = math.min(used, most) + interval
  if level > most then
    levels[i] = most - level
  else
    levels[i] = level
    if 2 * (level + ahead) <= most then
      level = level + ahead
    end
    redis.call("SET", key, string.format("%.0f", now + level), "PX", math.ceil(level / 1000))
  end
end
return levels
"""
# What Redis calls it.
_DIGEST: Final = sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest().encode()


class CountsAwayError(Exception):
    """Redis did not answer, or is not asked because it lately did not."""


class _Taking(NamedTuple):
    key: bytes
    terms: bytes
    level: asyncio.Future[int]


class SharedCounts:
    """Counts in Redis."""

    def __init__(
        self,
        line: RedisLine,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        linger: Linger = _LINGER,
    ) -> None:
        """Take the connection; nobody else may use it."""
        self._line = line
        self._linger = linger
        self._monotonic = monotonic
        self._breaker = Breaker("rate_limits", _LIMITS)
        self._waiting: list[_Taking] = []
        self._is_asking = False

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator[Self]:
        """Count in the Redis at an address; it is connected to when it is needed."""
        line = RedisLine(url, timeout_seconds=TIMEOUT_SECONDS)
        try:
            yield cls(line)
        finally:
            line.close()

    def take(self, key: str, policy: Policy, ahead: int = 0) -> asyncio.Future[int]:
        """Count a request, as `Counts.take` says.

        What is returned ends with CountsAwayError where Redis can't be asked.
        """
        terms = b"%d %d %d" % (policy.interval, policy.most, ahead)
        level = asyncio.get_running_loop().create_future()
        taking = _Taking(_PREFIX + key.encode(), terms, level)
        self._waiting.append(taking)
        if not self._is_asking:
            self._is_asking = True
            spawn(self._ask(), "gateway.limits")
        return level

    async def _ask(self) -> None:
        """Count all that wait, and those that come meanwhile."""
        try:
            while self._waiting:
                batch = self._waiting[:_MOST_AT_ONCE]
                del self._waiting[:_MOST_AT_ONCE]
                await self._ask_for(batch)
                await self._linger.after(len(batch))
        finally:
            self._is_asking = False

    async def _ask_for(self, batch: list[_Taking]) -> None:
        levels = await self._levels(batch)
        for position, taking in enumerate(batch):
            if taking.level.done():  # its caller has gone
                continue
            if levels is None:
                taking.level.set_exception(CountsAwayError())
            else:
                taking.level.set_result(levels[position])

    async def _levels(self, batch: list[_Taking]) -> list[int] | None:
        """Return a level for each, None where Redis can't be asked."""
        ticket = self._breaker.begin(self._monotonic())
        if ticket is None:
            return None
        arguments = [
            *(taking.key for taking in batch),
            *(taking.terms for taking in batch),
        ]
        levels: list[int] | None = None
        try:
            levels = await self._call(arguments)
        except (RedisRefusedError, OSError, TimeoutError):
            pass
        finally:
            self._breaker.end(ticket, self._monotonic(), is_good=levels is not None)
        return levels

    async def _call(self, arguments: list[bytes]) -> list[int]:
        words = (b"%d" % (len(arguments) // 2), *arguments)
        try:
            levels = await self._line.call(b"EVALSHA", _DIGEST, *words)
        except RedisRefusedError as refused:
            if not str(refused).startswith("NOSCRIPT"):
                raise
            levels = await self._line.call(b"EVAL", _SCRIPT.encode(), *words)
        return cast("list[int]", levels)
