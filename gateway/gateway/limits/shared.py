"""Counts the requests of callers in Redis, for all gateways together.

Requests that arrive while Redis is asked for others are counted by the next call, all at once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha1
from typing import Any, Final, NamedTuple, Self, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from gateway.limits.policies import Policy
from kit.breaker import Breaker, BreakerLimits
from kit.tasks import spawn

# A request waits no longer than this for its count.
TIMEOUT_SECONDS: Final = 0.25
_MOST_AT_ONCE: Final = 256
_PREFIX: Final = "rate:"
# One failure is enough: every request that waits for Redis waits for the time-out.
_LIMITS: Final = BreakerLimits(least_calls=1, most_calls=1, rest_seconds=0.5, good_probes=1)
# `LocalCounts.take` for each key; the clock is Redis' own, which all gateways share.
_SCRIPT: Final = """
local time = redis.call("TIME")
local now = time[1] * 1000000 + time[2]
local levels = {}
for i, key in ipairs(KEYS) do
  local interval, most = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local level = math.max(tonumber(redis.call("GET", key) or 0) - now, 0) + interval
  if level > most then
    levels[i] = most - level
  else
    levels[i] = level
    redis.call("SET", key, string.format("%.0f", now + level), "PX", math.ceil(level / 1000))
  end
end
return levels
"""
_DIGEST: Final = sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()  # names it in Redis


class CountsAwayError(Exception):
    """Redis did not answer, or is not asked because it lately did not."""


class _Taking(NamedTuple):
    key: str
    policy: Policy
    level: asyncio.Future[int]


class SharedCounts:
    """Counts in Redis."""

    def __init__(self, redis: Redis, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Take a client that neither waits long nor tries again, as `opened` makes it."""
        self._redis = redis
        self._monotonic = monotonic
        self._breaker = Breaker("rate_limits", _LIMITS)
        self._waiting: list[_Taking] = []
        self._is_asking = False

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator[Self]:
        """Open a client of Redis that gives up soon, and never tries again."""
        redis: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            yield cls(redis)
        finally:
            await redis.aclose()

    async def take(self, key: str, policy: Policy) -> int:
        """Count a request, as `Counts.take` says.

        Raises:
            CountsAwayError: Redis can't be asked.
        """
        taking = _Taking(_PREFIX + key, policy, asyncio.get_running_loop().create_future())
        self._waiting.append(taking)
        if not self._is_asking:
            self._is_asking = True
            spawn(self._ask(), "gateway.limits")
        return await taking.level

    async def _ask(self) -> None:
        """Count all that wait, and those that come meanwhile."""
        try:
            while self._waiting:
                batch = self._waiting[:_MOST_AT_ONCE]
                del self._waiting[:_MOST_AT_ONCE]
                await self._ask_for(batch)
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
        arguments: list[Any] = [len(batch), *(taking.key for taking in batch)]
        for taking in batch:
            arguments += (taking.policy.interval, taking.policy.most)
        levels: list[int] | None = None
        try:
            levels = await self._call(arguments)
        except (RedisError, OSError, TimeoutError):
            pass
        finally:
            self._breaker.end(ticket, self._monotonic(), is_good=levels is not None)
        return levels

    async def _call(self, arguments: list[Any]) -> list[int]:
        redis = cast("Any", self._redis)  # which leaves these without types
        async with asyncio.timeout(2 * TIMEOUT_SECONDS):
            try:
                levels = await redis.execute_command("EVALSHA", _DIGEST, *arguments)
            except NoScriptError:
                levels = await redis.execute_command("EVAL", _SCRIPT, *arguments)
        return cast("list[int]", levels)
