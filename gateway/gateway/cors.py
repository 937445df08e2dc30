"""Decides which pages of other origins may read answers.

They are those in the settings, by default none. Outside production pages served by this very
machine may read them, too.
"""

import re
from collections.abc import Iterable
from typing import Final

from gateway.forwarding.headers import Header
from gateway.forwarding.request import ProxiedRequest

_EXPOSED: Final = (
    b"Allow, Content-Disposition, Content-Language, ETag, Idempotency-Replayed, Link, Location,"
    b" Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate,"
    b" X-Request-Id, X-Saldo-Origin"
)
_PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        (
            b"Accept-Language, Authorization, Cache-Control, Content-Type, Idempotency-Key,"
            b" If-Match, Last-Event-ID, Prefer, X-Request-Id, traceparent"
        ),
    ),
    (b"access-control-max-age", b"600"),
)
# A front end under development may be served from any port.
_LOCAL: Final = re.compile(rb"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")


class Cors:
    """Allows pages of other origins to read answers.

    Credentials in the browser's sense (cookies) are never allowed.
    """

    def __init__(self, origins: Iterable[str], *, allows_local: bool = False) -> None:
        """Take the origins to allow.

        Args:
            origins: Origins, as browsers write them.
            allows_local: Whether pages served by this machine are allowed, from any port.
        """
        self._origins = frozenset(origin.encode() for origin in origins)
        self._allows_local = allows_local

    def allows(self, origin: bytes) -> bool:
        """Tell whether pages of this origin may read answers."""
        if origin in self._origins:
            return True
        return self._allows_local and _LOCAL.fullmatch(origin) is not None

    def is_foreign(self, origin: bytes, host: bytes) -> bool:
        """Tell whether an origin is neither allowed nor the gateway's own.

        The gateway's own is the host that the request names.
        """
        return not self.allows(origin) and origin.partition(b"://")[2] != host

    def headers(self, origin: bytes) -> list[Header]:
        """Return the headers that an answer to a page of this origin has besides."""
        if not self.allows(origin):
            return [(b"vary", b"Origin")] if self._origins or self._allows_local else []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _EXPOSED),
            (b"vary", b"Origin"),
        ]

    @staticmethod
    def is_preflight(exchange: ProxiedRequest) -> bool:
        """Tell whether a browser asks what a page may send (Fetch §3.2.2).

        Other OPTIONS requests ask which methods a path has.
        """
        read = exchange.inbound.read
        return (
            exchange.method == "OPTIONS"
            and b"origin" in read
            and b"access-control-request-method" in read
        )

    async def answer_preflight(self, exchange: ProxiedRequest) -> None:
        """Answer a preflight; only allowed origins are told what they may send."""
        is_allowed = self.allows(exchange.inbound.read[b"origin"])
        await exchange.answer(204, list(_PREFLIGHT) if is_allowed else [], b"")
