"""Admits requests within their callers' limits, and tells callers how they stand."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from prometheus_client import Counter

from gateway.forwarding.request import ProxiedRequest
from gateway.limits.counts import Counts, LocalCounts, UnderWay
from gateway.limits.policies import Policy, QuotaStanding, scaled
from gateway.limits.shared import CountsAwayError
from gateway.refusals import RateLimited, TooManyAtOnce
from gateway.routing.routes import PAGE
from kit.refusals import Unavailable

_REMEMBERED: Final = 4096
_IPV6_PREFIX: Final = 64

_UNBOUNDED: Final = nullcontext()

_refused = Counter("gateway_limited", "Requests above a limit", ["limit", "kind"])


class Admission:
    """Holds the limits of all callers."""

    def __init__(self, counts: Counts, factor: float) -> None:
        """Take the counts that all gateways share, and how much larger limits are."""
        self._counts = counts
        self._local = LocalCounts()
        self._reserving: set[str] = set()  # for whom more is being reserved
        self._policies = scaled(factor)
        self._under_way = {
            name: UnderWay(policy.at_once)
            for name, policy in self._policies.items()
            if policy.at_once
        }

    async def admit(self, exchange: ProxiedRequest, limit: str) -> None:
        """Count a request of a class of operations against its caller.

        While the shared counts are away, what is reserved is used up, then this process counts
        alone.

        Raises:
            RateLimited: it is one too many.
            Unavailable: it is about money, not counted yet, and the shared counts are away.
        """
        policy = self._policies[limit]
        if policy.is_local:
            self.admit_here(exchange)
            return
        key = f"{limit}:{caller_of(exchange)}"
        level = self._local.take_reserved(key, policy)
        if level is None:
            level = await self._counted_by_all(key, policy)
        _tell(exchange, QuotaStanding(policy, level))

    async def _counted_by_all(self, key: str, policy: Policy) -> int:
        """Return the level that a request makes, and reserve more for those that follow."""
        here = self._local.take(key, policy)  # for the time without Redis, too
        began = self._local.now()
        ahead = 0 if key in self._reserving else policy.ahead
        if ahead:
            self._reserving.add(key)
        try:
            level = await self._counts.take(key, policy, ahead)
        except CountsAwayError:
            if policy.is_strict:
                raise Unavailable from None
            return here
        finally:
            if ahead:
                self._reserving.discard(key)
        if level < 0:
            reserved = self._local.take_reserved(key, policy)  # meanwhile, by another request
            return level if reserved is None else reserved
        self._local.learn(key, began + level, policy.ahead_at(level) if ahead else 0)
        return level

    def admit_here(self, exchange: ProxiedRequest) -> None:
        """Count what the gateway answers itself, pages and refusals, against the address.

        Raises:
            RateLimited: it is one too many.
        """
        _tell(exchange, self._stands_here(exchange))

    def spend_here(self, exchange: ProxiedRequest) -> None:
        """Count as `admit_here` what is done before it is known who asks.

        The answer says how its caller stands in what it asked for.

        Raises:
            RateLimited: it is one too many.
        """
        standing = self._stands_here(exchange)
        if not standing.is_within:
            _tell(exchange, standing)

    def _stands_here(self, exchange: ProxiedRequest) -> QuotaStanding:
        policy = self._policies[PAGE]
        level = self._local.take(f"{PAGE}:{network_of(exchange.caller)}", policy)
        return QuotaStanding(policy, level)

    def under_way(self, exchange: ProxiedRequest, limit: str) -> AbstractContextManager[None]:
        """Return what holds a place of a class of operations, while it is entered.

        Raises:
            TooManyAtOnce: the caller has none left; on entering.
        """
        counted = self._under_way.get(limit)
        return _UNBOUNDED if counted is None else self._bounded(exchange, limit, counted)

    @contextmanager
    def _bounded(self, exchange: ProxiedRequest, limit: str, counted: UnderWay) -> Iterator[None]:
        with counted.one(caller_of(exchange)) as is_free:
            if not is_free:
                _refused.labels(limit, "at_once").inc()
                raise TooManyAtOnce(limit=counted.most)
            yield


def _tell(exchange: ProxiedRequest, standing: QuotaStanding) -> None:
    exchange.is_counted = True
    exchange.own_headers += (
        (b"ratelimit-policy", standing.policy.header),
        (b"ratelimit", standing.header),
    )
    if not standing.is_within:
        _refused.labels(standing.policy.name, "rate").inc()
        raise RateLimited(retry_after_seconds=standing.retry_after_seconds)


def caller_of(exchange: ProxiedRequest) -> str:
    """Return what limits count by: the user, all keys of one, or the address."""
    claims = exchange.claims
    if claims is None:
        return network_of(exchange.caller)
    return f"keys:{claims.subject}" if "key" in claims.amr else f"user:{claims.subject}"


@lru_cache(_REMEMBERED)
def network_of(address: str) -> str:
    """Return an address; of IPv6 the network, which one caller has all of (RFC 6177)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(ip_network((parsed, _IPV6_PREFIX), strict=False))
