"""Owns the way of a request through the gateway, stage by stage, and back.

Does not decide where routes lead (`routes`), what a good token is (`kit.tokens`), or how services
are talked to (`upstream`).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import perf_counter
from typing import Final

import structlog
from starlette.types import Receive, Scope, Send

from gateway import paths, tracing
from gateway.bodies import read_body
from gateway.cors import Cors
from gateway.exchange import ClientGone, Exchange
from gateway.headers import Header, HeaderSorter
from gateway.routing import Route, RouteTable
from gateway.upstream import Upstream
from kit import context
from kit.refusals import (
    InternalError,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    Refusal,
    TokenInvalid,
)
from kit.tokens.verifier import Claims, TokenVerifier
from kit.web.metrics import RequestMeter

OwnPart = Callable[[Exchange], Awaitable[None]]

_BEARER: Final = b"bearer "
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_IDEMPOTENT: Final = frozenset(("GET", "HEAD", "PUT", "DELETE"))
_CLIENT_GONE: Final = 499  # nginx's figure for an answer that nobody waited for
_EMPTY_STATUSES: Final = frozenset((204, 304))

_log = structlog.get_logger(__name__)


class Gateway:
    """Serves HTTP requests: from a service behind, or from a part of its own."""

    def __init__(  # noqa: PLR0913 - everything it leans on, put together in one place
        self,
        *,
        routes: RouteTable,
        upstreams: Mapping[str, Upstream],
        tokens: TokenVerifier,
        own: Mapping[str, OwnPart],
        cors: Cors,
        max_body_bytes: int,
    ) -> None:
        self._routes = routes
        self._upstreams = upstreams
        self._tokens = tokens
        self._own = own
        self._cors = cors
        self._max_body_bytes = max_body_bytes
        self._sorter = HeaderSorter()
        self._meter = RequestMeter("gateway")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request (ASGI 3)."""
        started = perf_counter()
        exchange = Exchange(scope, receive, send)
        try:
            await self._serve(exchange)
        except Refusal as refusal:
            await self._refuse(exchange, refusal)
        except ClientGone:
            exchange.status = exchange.status or _CLIENT_GONE
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer
            _log.exception("unexpected_error")
            await self._refuse(exchange, InternalError())
        finally:
            self._account(exchange, perf_counter() - started)

    async def _serve(self, exchange: Exchange) -> None:
        """Lead a request through every stage; each lets it pass or raises its refusal."""
        self._read_headers(exchange)
        if exchange.method == "OPTIONS":
            await self._cors.answer_preflight(exchange)
            return
        route = self._find_route(exchange)
        if not route.is_public:
            exchange.claims = await self._identify(exchange)
        if route.own:
            await self._own[route.own](exchange)
        else:
            await self._forward(exchange, self._upstreams[route.upstream])

    def _read_headers(self, exchange: Exchange) -> None:
        headers = exchange.scope["headers"]
        inbound = exchange.inbound
        try:
            self._sorter.inward(headers, inbound)
        finally:  # a refusal, too, carries the request's id
            self._name(exchange)
        inbound.check(len(headers))
        if exchange.method not in _METHODS:
            raise MethodNotAllowed(headers={"Allow": ", ".join(sorted(_METHODS))})

    def _name(self, exchange: Exchange) -> None:
        read = exchange.inbound.read
        exchange.request_id = tracing.request_id(read.get(b"x-request-id"))
        exchange.traceparent = tracing.traceparent(read.get(b"traceparent"))
        exchange.own_headers.append((b"x-request-id", exchange.request_id))
        if b"origin" in read:
            exchange.own_headers += self._cors.headers(read[b"origin"])
        # Never left: each request has a task, and with it a context, of its own.
        context.enter(
            context.Context(
                request_id=exchange.request_id.decode(),
                traceparent=exchange.traceparent.decode(),
            )
        )

    def _find_route(self, exchange: Exchange) -> Route:
        paths.check(exchange.path, exchange.query)
        route = self._routes.find(exchange.method, exchange.path)
        if route is None:
            raise NotFound
        exchange.route = route
        if route.rewrite is not None:
            exchange.method = route.rewrite.method
            exchange.path = route.rewrite.path_for(exchange.path)
            exchange.query = route.rewrite.query_for(exchange.query)
        return route

    async def _identify(self, exchange: Exchange) -> Claims:
        credentials = exchange.inbound.read.get(b"authorization")
        if credentials is None or credentials[:7].lower() != _BEARER:
            raise NotAuthenticated
        claims = await self._tokens.verify(credentials[7:].strip(b" ").decode("latin-1"))
        if claims.user_id is None:  # services talk to each other directly, never through here
            raise TokenInvalid
        return claims

    async def _forward(self, exchange: Exchange, upstream: Upstream) -> None:
        body = await read_body(exchange, self._max_body_bytes)
        method = exchange.method
        answer = await upstream.send(
            request_head(
                exchange,
                upstream,
                target(exchange),
                exchange.inbound.passed,
                framing=b"" if body is None else body.framing,
            ),
            body,
            is_idempotent=method in _IDEMPOTENT,
            has_payload=method != "HEAD",
        )
        try:
            if answer.is_small:
                content = await answer.whole()
                if answer.length is None and answer.status not in _EMPTY_STATUSES:
                    answer.headers.append((b"content-length", b"%d" % len(content)))
                await exchange.answer(answer.status, answer.headers, content)
            else:
                await exchange.begin(answer.status, answer.headers)
                await exchange.stream(answer.chunks())
        finally:
            answer.close()

    async def _refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        if exchange.status is None:  # else too late: the server breaks the connection off
            await exchange.refuse(refusal)

    def _account(self, exchange: Exchange, seconds: float) -> None:
        route = exchange.route
        status = exchange.status or InternalError.status
        method: str = exchange.scope["method"]
        if route is None:
            self._meter.observe("any", "none", status, seconds)
        else:
            self._meter.observe(method, route.label, status, seconds)
            if route.own and route.is_public:
                return  # probes, scrapes and pages of documentation
        claims = exchange.claims
        _log.info(
            "request",
            method=method,
            path=loggable(exchange.scope["raw_path"]),
            route=None if route is None else route.label,
            status=status,
            milliseconds=round(seconds * 1000, 2),
            subject=None if claims is None else claims.subject,
            peer=exchange.peer,
        )


def target(exchange: Exchange) -> bytes:
    """Return the first two words of the request to forward: method, path and query."""
    if exchange.query:
        return b"%b %b?%b" % (exchange.method.encode(), exchange.path, exchange.query)
    return b"%b %b" % (exchange.method.encode(), exchange.path)


def request_head(
    exchange: Exchange,
    upstream: Upstream,
    target: bytes,
    headers: Iterable[Header],
    *,
    framing: bytes = b"",
) -> bytes:
    """Write the head of a request to a service, made on behalf of the request in hand.

    Args:
        exchange: The request in hand: its ids, and where it came from.
        upstream: The service.
        target: Method, path and query.
        headers: What is passed on.
        framing: The header line that says how long the body is.
    """
    return b"".join(
        (
            target,
            b" HTTP/1.1\r\n",
            upstream.host_line,
            *[b"%b: %b\r\n" % header for header in headers],
            b"x-request-id: %b\r\ntraceparent: %b\r\n"
            % (exchange.request_id, exchange.traceparent),
            b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\n"
            % (exchange.peer.encode(), exchange.scope["scheme"].encode()),
            framing,
            b"\r\n",
        )
    )


def loggable(path: bytes) -> str:
    """Return a path for the log, bounded and in plain characters."""
    return path[:200].decode("ascii", "backslashreplace")
