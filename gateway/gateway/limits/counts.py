"""Counts callers' requests in this process; keeps what Redis has reserved.

The rule is GCRA (ITU-T I.371): one number for each caller and policy, no windows with edges.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, Protocol

from gateway.limits.policies import Policy

MOST_KEPT: Final = 50_000


class Counts(Protocol):
    """Counts requests, for one process or for all."""

    def take(self, key: str, policy: Policy, ahead: int = 0) -> asyncio.Future[int]:
        """Count a request of a caller, unless it is above the policy.

        Args:
            key: The caller, and the policy's name.
            policy: The policy.
            ahead: How much more to take for the caller's next requests, in microseconds: all of it
                or nothing, as `Policy.ahead_at` says.

        Returns:
            In a while, the microseconds until the whole quota is back, without what was taken
            ahead; where it is refused, below zero, those until a request will be let in.
        """
        ...


class _Known(NamedTuple):
    """Says when a caller's quota is whole again, and what is reserved of it.

    All until `reserved_until` is counted in Redis already. What is not used before its time is
    lost, as Redis has given it back by then: so never is more let in than the policy says.
    """

    full_again: int
    reserved_until: int


_NOTHING: Final = _Known(0, 0)


class LocalCounts:
    """Counts in memory; the number of callers that are known is bounded."""

    def __init__(
        self,
        *,
        now: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
        most_kept: int = MOST_KEPT,
    ) -> None:
        """Take what tells the microseconds, and how many callers are known at most."""
        self.now = now
        self._most_kept = most_kept
        self._known: dict[str, _Known] = {}

    def __len__(self) -> int:
        """Return how many callers are known."""
        return len(self._known)

    def take(self, key: str, policy: Policy) -> int:
        """Count a request, as `Counts.take` does; return the same at once."""
        now = self.now()
        known = self._known.pop(key, _NOTHING)  # so that the order is that of the latest use
        level = max(known.full_again - now, 0) + policy.interval
        if level > policy.most:
            self._known[key] = known
            return policy.most - level
        self._known[key] = _Known(now + level, known.reserved_until)
        if len(self._known) > self._most_kept:
            self._drop(now)
        return level

    def take_reserved(self, key: str, policy: Policy) -> int | None:
        """Count a request by what is reserved; return None where that is used up."""
        known = self._known.get(key, _NOTHING)
        now = self.now()
        full_again = max(known.full_again, now) + policy.interval
        if full_again > known.reserved_until:
            return None
        self._known[key] = _Known(full_again, known.reserved_until)
        return full_again - now

    def learn(self, key: str, full_again: int, ahead: int) -> None:
        """Take the moment that Redis has told, and what it has reserved from there on."""
        known = self._known.get(key, _NOTHING)
        # A count without a reserve must not shorten what another call has reserved meanwhile.
        if ahead or known.reserved_until <= max(known.full_again, self.now()):
            self._known[key] = _Known(full_again, full_again + ahead)

    def _drop(self, now: int) -> None:
        """Forget whose quota is whole again, and else those who asked longest ago."""
        self._known = {key: known for key, known in self._known.items() if known.full_again > now}
        for key in list(self._known)[: len(self._known) - self._most_kept // 2]:
            del self._known[key]


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
