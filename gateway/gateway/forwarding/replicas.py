"""Decides which replica of a service is asked: in turn, and none that is away.

It asks nothing itself and reads no clock. Times are seconds of any clock that never goes back.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from prometheus_client import Gauge

from kit.breaker import Breaker

FIRST_REST_SECONDS: Final = 1.0
LONGEST_REST_SECONDS: Final = 30.0

_out = Gauge("gateway_replica_out", "1 where a replica is left out", ["upstream", "replica"])


class Replica:
    """One process of a service, and how it lately answered.

    Attributes:
        url: Where it listens.
        host: The host and port of that.
        breaker: Holds calls back where too many fail, for whatever reason.
        out_until: When it is in turn again; it is left out after a connection failed, each time
            for twice as long.
    """

    def __init__(self, service: str, url: str) -> None:
        self.url = url
        self.host = urlsplit(url).netloc
        self.breaker = Breaker(f"{service} {self.host}")
        self.out_until = 0.0
        self._rest_seconds = 0.0
        self._out = _out.labels(service, self.host)
        self._out.set(0)

    def fell(self, now: float) -> None:
        """Note that no connection to it could be made; once for all that tried together."""
        if now < self.out_until:
            return
        doubled = max(FIRST_REST_SECONDS, 2 * self._rest_seconds)
        self._rest_seconds = min(LONGEST_REST_SECONDS, doubled)
        self.out_until = now + self._rest_seconds
        self._out.set(1)

    def rose(self) -> None:
        """Note that it answers."""
        if self._rest_seconds:
            self.out_until = self._rest_seconds = 0.0
            self._out.set(0)

    def shown(self, now: float) -> dict[str, Any]:
        """Return how it is, for an operator."""
        out = max(0.0, self.out_until - now)
        return {
            "url": self.url,
            "breaker": self.breaker.state.value,
            "out_for_seconds": round(out, 1),
        }


class Replicas:
    """The replicas of one service."""

    def __init__(
        self, service: str, urls: Sequence[str], *, monotonic: Callable[[], float]
    ) -> None:
        self.all = [Replica(service, url) for url in urls]
        self._monotonic = monotonic
        self._turn = 0

    def in_turn(self) -> Iterator[Replica]:
        """Yield whom to ask, and whom next where one does not answer; an only one twice.

        Those left out come last, the one that is back soonest first: somebody is always asked.
        """
        count = len(self.all)
        if count == 1:
            yield self.all[0]
            yield self.all[0]
            return
        self._turn = (self._turn + 1) % count
        now = self._monotonic()
        ordered = self.all[self._turn :] + self.all[: self._turn]
        yield from sorted(ordered, key=lambda replica: max(replica.out_until - now, 0))
