"""Answers OPTIONS, and finds the methods for a refusal's Allow (RFC 9110 §9.3.7).

The gateway knows the methods in its own tables. Below a prefix only the service knows them: it is
asked by OPTIONS, which needs no token and shows what the documentation shows.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.forwarding.forwarder import request_head
from gateway.forwarding.request import ProxiedRequest
from gateway.forwarding.upstream import Upstream
from gateway.routing.table import METHODS, ProxyRoutes
from kit.refusals import MethodNotAllowed, PathUnknown
from kit.web.suggestions import PathSuggestions

_ALLOW: Final = b"allow"
_NO_CONTENT: Final = 204


class Methods:
    """Answers OPTIONS, and refuses an unknown path or method."""

    def __init__(self, routes: ProxyRoutes, upstreams: Mapping[str, Upstream]) -> None:
        self._routes = routes
        self._upstreams = upstreams
        self._suggestions = PathSuggestions(routes.shown)

    async def answer(self, exchange: ProxiedRequest) -> None:
        """Answer OPTIONS with the methods of the path.

        Raises:
            PathUnknown: there is no such path.
        """
        allowed = ", ".join(sorted(await self._allowed(exchange))).encode()
        await exchange.answer(_NO_CONTENT, [(_ALLOW, allowed)], b"")

    async def refuse(self, exchange: ProxiedRequest) -> None:
        """Refuse a method that the path does not have; return where it has it.

        Raises:
            PathUnknown: there is no such path.
            MethodNotAllowed: it has others, which Allow names.
        """
        allowed = await self._allowed(exchange)
        if exchange.method not in allowed:
            raise MethodNotAllowed(allowed=allowed)

    def is_public_otherwise(self, exchange: ProxiedRequest) -> bool:
        """Tell whether the path needs no token with another method than this."""
        return any(route.is_public for route in self._routes.listed(exchange.path).values())

    async def _allowed(self, exchange: ProxiedRequest) -> set[str]:
        listed = self._routes.listed(exchange.path)
        here = {method for method, route in listed.items() if route.own or route.rewrite}
        found = _complete(here)
        upstream = self._upstream_of(exchange.path, set(METHODS) - here)
        if upstream is not None:
            found |= await self._methods_of(exchange, upstream)
        elif not here:
            raise PathUnknown(near=self._near(exchange.path.decode("ascii")))
        return found

    def _upstream_of(self, path: bytes, methods: Iterable[str]) -> Upstream | None:
        """Return the service that knows which of these methods a path has, or None."""
        routes = (self._routes.find(method, path) for method in sorted(methods))
        return next((self._upstreams[route.upstream] for route in routes if route), None)

    def _near(self, path: str) -> str | None:
        """Return a known path near this one, or near its beginning.

        What is below a noun only its service knows, so there the noun alone is compared, after /v1,
        /api/v1 or nothing.
        """
        parts = path.split("/")
        begun = ("/".join(parts[:count]) for count in (len(parts), 4, 3, 2))
        return next(filter(None, map(self._suggestions.near, begun)), None)

    async def _methods_of(self, exchange: ProxiedRequest, upstream: Upstream) -> set[str]:
        head = request_head(exchange, upstream, b"OPTIONS %b" % exchange.path, ())
        status, headers, _ = await upstream.fetch(head)
        allow = dict(headers).get(_ALLOW, b"").decode("ascii")
        if status != _NO_CONTENT or not allow:
            raise PathUnknown
        return {method.strip() for method in allow.split(",")}


def _complete(methods: Iterable[str]) -> set[str]:
    """Return the methods, with those that are answered without being listed."""
    return {*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())}
