"""Owns which pages of other origins may read answers: those in the settings, by default none."""

from collections.abc import Iterable
from typing import Final

from gateway.exchange import Exchange
from gateway.headers import Header

_EXPOSED: Final = (
    b"Content-Language, Idempotency-Replayed, Link, Location, Preference-Applied, Retry-After,"
    b" X-Request-Id"
)
_PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Accept-Language, Authorization, Content-Type, Idempotency-Key, Prefer, X-Request-Id",
    ),
    (b"access-control-max-age", b"600"),
)


class Cors:
    """Cross-origin reading. Credentials in the browser's sense (cookies) are never allowed."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, origin: bytes) -> list[Header]:
        """Return what an answer to a page of this origin says besides."""
        if origin not in self._origins:
            return [(b"vary", b"Origin")] if self._origins else []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED),
            (b"vary", b"Origin"),
        ]

    async def answer_preflight(self, exchange: Exchange) -> None:
        """Answer an OPTIONS request; what is allowed is said to allowed origins only."""
        is_allowed = exchange.inbound.read.get(b"origin") in self._origins
        await exchange.answer(204, list(_PREFLIGHT) if is_allowed else [], b"")
