"""Counts the requests of callers in this process, as Redis does for all.

The rule is GCRA (ITU-T I.371): one number for each caller and policy, no windows with edges.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from gateway.limits.policies import Policy

MOST_KEPT: Final = 50_000


class Counts(Protocol):
    """Counts requests, for one process or for all."""

    def take(self, key: str, policy: Policy) -> asyncio.Future[int]:
        """Count a request of a caller, unless it is above the policy.

        Returns:
            In a while, the microseconds until the whole quota is back; where it is refused, below
            zero, those until a request will be let in.
        """
        ...


class LocalCounts:
    """Counts in memory; the number of callers that are known is bounded."""

    def __init__(
        self,
        *,
        now: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
        most_kept: int = MOST_KEPT,
    ) -> None:
        """Take what tells the microseconds, and how many callers are known at most."""
        self._now = now
        self._most_kept = most_kept
        self._full_again: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many callers are known."""
        return len(self._full_again)

    def take(self, key: str, policy: Policy) -> int:
        """Count a request, as `Counts.take` does; return the same at once."""
        now = self._now()
        level = max(self._full_again.get(key, 0) - now, 0) + policy.interval
        if level > policy.most:
            return policy.most - level
        self._full_again.pop(key, None)  # so that the order is that of the latest use
        self._full_again[key] = now + level
        if len(self._full_again) > self._most_kept:
            self._drop(now)
        return level

    def use_up(self, key: str, policy: Policy) -> None:
        """Leave a caller nothing of their quota."""
        self._full_again[key] = self._now() + policy.most

    def _drop(self, now: int) -> None:
        """Forget whose quota is whole again, and else those who asked longest ago."""
        self._full_again = {key: at for key, at in self._full_again.items() if at > now}
        for key in list(self._full_again)[: len(self._full_again) - self._most_kept // 2]:
            del self._full_again[key]


class UnderWay:
    """Counts the requests of each caller that are under way in this process."""

    def __init__(self, most: int) -> None:
        """Take how many each caller may have."""
        self.most = most
        self._of_caller: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many callers have any."""
        return len(self._of_caller)

    @contextmanager
    def one(self, caller: str) -> Iterator[bool]:
        """Count one while the block runs; False where the caller has the most already."""
        is_free = self._of_caller[caller] < self.most
        self._of_caller[caller] += is_free
        try:
            yield is_free
        finally:
            self._of_caller[caller] -= is_free
            if not self._of_caller[caller]:
                del self._of_caller[caller]
