"""Owns what every request passes around its operation: ids, limits, problems, log.

Pure ASGI, and the whole of the middleware: one object and one pass over the headers. It measures
requests, too.
"""

from collections.abc import Iterable
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from kit import context, http, logs
from kit.refusals import BodyTooLarge, MethodNotAllowed, PathUnknown, RequestRefused
from kit.web.answers import Answer
from kit.web.metrics import RequestMeter
from kit.web.outages import refusal_of
from kit.web.serving.bodies import limited
from kit.web.serving.dispatch import RouteTable
from kit.web.serving.exchange import Exchange
from kit.web.serving.route import Route
from kit.web.suggestions import PathSuggestions


class Edge:
    """Serves HTTP requests by a table of routes; everything else goes to `other`."""

    def __init__(
        self,
        routes: RouteTable[Route],
        *,
        service: str,
        max_body_bytes: int,
        shown: Iterable[str],
        other: ASGIApp,
    ) -> None:
        """Take the operations, and the bounds to serve them by.

        Args:
            routes: The operations.
            service: What the metrics call it.
            max_body_bytes: Largest body, where an operation says nothing else.
            shown: The paths that callers may be told of when they mistype one.
            other: Serves what is no HTTP.
        """
        self._routes = routes
        self._max_body_bytes = max_body_bytes
        self._other = other
        self._suggestions = PathSuggestions(shown)
        self._meter = RequestMeter(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope (ASGI 3)."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        started = perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = http.request_id(headers.get(b"x-request-id")).decode()
        exchange = Exchange(scope, receive, send, headers=headers, request_id=request_id)
        token = context.enter(
            context.Context(
                request_id=request_id,
                traceparent=http.traceparent(headers.get(b"traceparent")).decode(),
                correlation_id=request_id,
            )
        )
        try:
            await self._serve(exchange)
        finally:
            self._account(exchange, perf_counter() - started)
            context.leave(token)

    async def _serve(self, exchange: Exchange) -> None:
        scope = exchange.scope
        try:
            if len(exchange.headers) != len(scope["headers"]):
                _refuse_contradictions(scope["headers"])
            if scope["method"] == "OPTIONS":
                await exchange.respond(_options(self._routes.allowed(scope["path"])))
                return
            route, exchange.path_values = self._routes.find(scope["method"], scope["path"])
            exchange.route = route
            self._limit_body(exchange, route.max_body_bytes or self._max_body_bytes)
            await route.serve(exchange)
        except ClientDisconnect:
            exchange.status = exchange.status or http.CLIENT_GONE
        except PathUnknown:
            await exchange.refuse(PathUnknown(near=self._suggestions.near(scope["path"])))
        except MethodNotAllowed as refusal:
            near = self._suggestions.near(scope["path"])
            await exchange.refuse(MethodNotAllowed(allowed=refusal.allowed, near=near))
        except Exception as error:
            if exchange.status is not None:  # too late for a problem: break the connection off
                refusal_of(error)
                raise
            await exchange.refuse(refusal_of(error))

    def _limit_body(self, exchange: Exchange, limit_bytes: int) -> None:
        length = exchange.headers.get(b"content-length")
        if length is not None:
            if not length.isdigit() or int(length[:20]) > limit_bytes:
                raise BodyTooLarge(limit_bytes=limit_bytes)
        elif b"transfer-encoding" in exchange.headers:
            exchange.receive = limited(exchange.receive, limit_bytes)

    def _account(self, exchange: Exchange, seconds: float) -> None:
        route = exchange.route
        method = exchange.scope["method"]
        status = exchange.status or 500
        template = route.path if route is not None else "none"
        self._meter.observe(method if route is not None else "any", template, status, seconds)
        if route is not None and not route.include_in_schema:
            return  # probes and scrapes come every few seconds
        identity = exchange.identity
        logs.request(
            method=method,
            path=exchange.scope["path"],
            route=template,
            status=status,
            milliseconds=round(seconds * 1000, 2),
            subject=identity.subject if identity is not None else None,
        )


def _options(allowed: Iterable[str]) -> Answer:
    return Answer(204, headers={http.ALLOW: ", ".join(sorted(allowed))})


def _refuse_contradictions(headers: list[tuple[bytes, bytes]]) -> None:
    seen = set()
    for name, _ in headers:
        if name in http.ONCE_ONLY and name in seen:
            raise RequestRefused
        seen.add(name)
