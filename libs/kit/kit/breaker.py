"""Decides whether a service that may be failing is called (circuit breaker).

It calls nothing itself and reads no clock, so every rule is tested as a table. Times are seconds of
any clock that never goes back. It is not for several threads.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from prometheus_client import Counter, Gauge


class BreakerState(StrEnum):
    """Says whether calls are made, held back, or tried one by one."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """Says when a breaker opens and how it closes again.

    Attributes:
        failure_share: The share of failures, 0 to 1, from which on it opens.
        least_calls: How many calls there must be for a share to count.
        most_calls: How many of the latest calls the share is taken of, at most.
        window_seconds: How long ago a call may have ended to be one of them.
        rest_seconds: For how long an open breaker lets no call through; a probe that takes longer
            is not waited for, and another one is made.
        good_probes: How many good probes in a row, one at a time, close it.
    """

    failure_share: float = 0.6
    least_calls: int = 50
    most_calls: int = 100
    window_seconds: float = 60.0
    rest_seconds: float = 1.0
    good_probes: int = 3


_ORDER: Final = (BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN)
state_of_breakers = Gauge("saldo_breaker_state", "0 closed, 1 half open, 2 open", ["breaker"])
opened_breakers = Counter("saldo_breaker_opened", "Times a breaker has opened", ["breaker"])
held_back = Counter("saldo_breaker_held_back", "Calls that were not made", ["breaker"])

log = structlog.get_logger(__name__)


class Breaker:
    """Counts the outcomes of calls to one service, and opens where too many fail.

    ``begin`` gives a ticket for a call that may be made; ``end`` takes it back with the outcome.
    """

    def __init__(self, name: str, limits: BreakerLimits | None = None) -> None:
        """Take the name that metrics and logs use."""
        self.name = name
        self.state = BreakerState.CLOSED
        self._limits = limits or BreakerLimits()
        self._calls: deque[tuple[float, bool]] = deque(maxlen=self._limits.most_calls)
        self._turn = 0  # grows with every change of state; calls begun before it do not count
        self._rests_until = 0.0
        self._next_probe_at = 0.0
        self._good_probes = 0
        state_of_breakers.labels(name).set(0)

    def begin(self, now: float) -> int | None:
        """Return a ticket where a call may be made now, None where it is held back."""
        if self.state is BreakerState.OPEN and now >= self._rests_until:
            self._become(BreakerState.HALF_OPEN)
        may_probe = self.state is BreakerState.HALF_OPEN and now >= self._next_probe_at
        if self.state is not BreakerState.CLOSED and not may_probe:
            held_back.labels(self.name).inc()
            return None
        if may_probe:
            self._next_probe_at = now + self._limits.rest_seconds
        return self._turn

    def end(self, ticket: int, now: float, *, is_good: bool | None) -> None:
        """Note how a call went; None means that it was given up and says nothing."""
        if ticket != self._turn:
            return
        if self.state is BreakerState.HALF_OPEN:
            self._end_probe(now, is_good=is_good)
        elif is_good is not None:
            self._calls.append((now, is_good))
            if not is_good and self._fails_too_often(now):  # a look through all of them
                self._open(now)

    def _end_probe(self, now: float, *, is_good: bool | None) -> None:
        self._next_probe_at = now
        if is_good is None:
            return
        if not is_good:
            self._open(now)
            return
        self._good_probes += 1
        if self._good_probes >= self._limits.good_probes:
            self._become(BreakerState.CLOSED)

    def _fails_too_often(self, now: float) -> bool:
        while self._calls[0][0] < now - self._limits.window_seconds:
            self._calls.popleft()
        if len(self._calls) < self._limits.least_calls:
            return False
        failed = sum(not is_good for _, is_good in self._calls)
        return failed >= self._limits.failure_share * len(self._calls)

    def _open(self, now: float) -> None:
        self._rests_until = now + self._limits.rest_seconds
        self._become(BreakerState.OPEN)

    def _become(self, state: BreakerState) -> None:
        before, self.state = self.state, state
        self._turn += 1
        self._next_probe_at = self._rests_until
        self._good_probes = 0
        self._calls.clear()
        state_of_breakers.labels(self.name).set(_ORDER.index(state))
        if state is BreakerState.OPEN and before is BreakerState.CLOSED:
            opened_breakers.labels(self.name).inc()
            log.warning("breaker_opened", breaker=self.name)
        elif state is BreakerState.CLOSED:
            log.info("breaker_closed", breaker=self.name)
