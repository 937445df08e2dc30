"""Leads a request through the gateway, stage by stage, and its answer back.

Does not decide where routes lead (`routes`) or what a good token is (`kit.tokens`), and does not
talk to services (`forwarding`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Final

import structlog
from starlette.types import Receive, Scope, Send

from gateway.api_keys import KeyExchange
from gateway.cors import Cors
from gateway.forwarding.callers import TrustedProxies
from gateway.forwarding.forwarder import Forwarder
from gateway.forwarding.headers import HeaderSorter
from gateway.forwarding.request import ClientGone, ProxiedRequest
from gateway.limits.admission import Admission
from gateway.own import parameters
from gateway.own.methods import Methods
from gateway.refusals import (
    ApiKeyInvalid,
    RateLimited,
    UpgradeRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from gateway.routing import paths, routes
from gateway.routing.table import METHODS, ProxyRoute, ProxyRoutes
from gateway.routing.templates import RouteTemplates
from kit import context, http, logs
from kit.refusals import (
    Forbidden,
    InternalError,
    NotAuthenticated,
    NotFound,
    Refusal,
    TokenInvalid,
    Unavailable,
)
from kit.scopes import KeyAddressRefused
from kit.tokens.api_keys import is_api_key
from kit.tokens.verifier import Claims, TokenVerifier
from kit.web.metrics import RequestMeter

OwnPart = Callable[[ProxiedRequest], Awaitable[None]]

_FORWARDED: Final = frozenset((*METHODS, "HEAD"))

_log = structlog.get_logger(__name__)


class Gateway:
    """Serves HTTP requests, by a service behind or by a part of its own."""

    def __init__(  # noqa: PLR0913 (each is named at the composition root)
        self,
        *,
        table: ProxyRoutes,
        templates: RouteTemplates,
        methods: Methods,
        tokens: TokenVerifier,
        keys: KeyExchange,
        forwarder: Forwarder,
        own: Mapping[str, OwnPart],
        cors: Cors,
        proxies: TrustedProxies,
        admission: Admission,
        draining: asyncio.Event,
    ) -> None:
        self._table = table
        self._templates = templates
        self._methods = methods
        self._tokens = tokens
        self._keys = keys
        self._forwarder = forwarder
        self._own = own
        self._cors = cors
        self._proxies = proxies
        self._admission = admission
        self._draining = draining
        self._sorter = HeaderSorter()
        self._meter = RequestMeter("gateway")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request (ASGI 3)."""
        started = perf_counter()
        exchange = ProxiedRequest(scope, receive, send)
        exchange.is_last = self._draining.is_set()
        try:
            await self._serve(exchange)
        except Refusal as refusal:
            await self._refuse(exchange, refusal)
        except ClientGone:
            exchange.status = exchange.status or http.CLIENT_GONE
        except Exception:  # noqa: BLE001 - after any error the caller gets an answer
            _log.exception("unexpected_error")
            await self._refuse(exchange, InternalError())
        finally:
            self._account(exchange, perf_counter() - started)

    def drain(self) -> None:
        """Be not ready from now on, and let connections end with their answer."""
        self._draining.set()

    def end_streams(self) -> None:
        """End the answers that would go on for ever, before the process ends."""
        self._forwarder.end_streams()

    async def _serve(self, exchange: ProxiedRequest) -> None:
        """Lead a request through every stage; each lets it pass or raises its refusal."""
        self._read_headers(exchange)
        if self._cors.is_preflight(exchange):
            self._admission.admit_here(exchange)
            await self._cors.answer_preflight(exchange)
            return
        paths.check(exchange.path, exchange.query)
        if exchange.method == "OPTIONS":
            self._admission.admit_here(exchange)
            await self._methods.answer(exchange)
            return
        route = await self._find_route(exchange)
        if route.is_public:
            await self._identify_key(exchange)
        else:
            exchange.claims = claims = await self._identify(exchange)
            if route.is_for_admins and "admin" not in claims.roles:
                raise Forbidden
        limit = route.limit(exchange.method)
        await self._admission.admit(exchange, limit)
        with self._admission.under_way(exchange, limit):
            await self._answer(exchange, route)

    async def _answer(self, exchange: ProxiedRequest, route: ProxyRoute) -> None:
        if route.own:
            if route.own not in routes.WITH_PARAMETERS:
                parameters.refuse_all(exchange.query)
            await self._own[route.own](exchange)
        else:
            await self._forwarder.forward(exchange, route.upstream)

    def _read_headers(self, exchange: ProxiedRequest) -> None:
        headers = exchange.scope["headers"]
        inbound = exchange.inbound
        # First: a refusal of the headers, too, counts for the caller, not for the proxy in between.
        exchange.caller, exchange.scheme = self._proxies.origin(
            exchange.caller, exchange.scheme, headers
        )
        try:
            self._sorter.inward(headers, inbound)
        finally:  # a refusal carries the request's id, too
            self._set_ids(exchange)
        inbound.check(len(headers))
        if b"upgrade" in inbound.read:
            raise UpgradeRefused

    def _set_ids(self, exchange: ProxiedRequest) -> None:
        read = exchange.inbound.read
        exchange.request_id = http.request_id(read.get(b"x-request-id"))
        exchange.traceparent = http.traceparent(read.get(b"traceparent"))
        exchange.own_headers.append((b"x-request-id", exchange.request_id))
        if b"origin" in read:
            exchange.own_headers += self._cors.headers(read[b"origin"])
            exchange.is_foreign = self._cors.is_foreign(read[b"origin"], read.get(b"host", b""))
        # It is never left: each request has its own task, and with it a context of its own.
        context.enter(
            context.Context(
                request_id=exchange.request_id.decode(),
                traceparent=exchange.traceparent.decode(),
            )
        )

    async def _find_route(self, exchange: ProxiedRequest) -> ProxyRoute:
        route = self._table.find(exchange.method, exchange.path)
        if route is None or exchange.method not in _FORWARDED:
            self._admission.admit_here(exchange)  # a service may be asked for its methods
            await self._methods.refuse(exchange)
            raise NotFound
        exchange.route = route
        if route.rewrite is not None:
            is_head = exchange.method == "HEAD"
            exchange.method = "HEAD" if is_head else route.rewrite.method
            exchange.path = route.rewrite.path_for(exchange.path)
            exchange.query = route.rewrite.query_for(exchange.query)
        return route

    async def _identify(self, exchange: ProxiedRequest) -> Claims:
        token = exchange.inbound.bearer
        if token is None:
            if self._methods.is_public_otherwise(exchange):
                self._admission.admit_here(exchange)
                with suppress(NotFound, UpstreamUnavailable, UpstreamTimeout):
                    await self._methods.refuse(exchange)
            raise NotAuthenticated
        if is_api_key(token):
            return await self._keys.replace(exchange, token)
        claims = await self._tokens.verify(token)
        if claims.user_id is None:  # services call each other directly, never through the gateway
            raise TokenInvalid
        return claims

    async def _identify_key(self, exchange: ProxiedRequest) -> None:
        """Exchange an API key where no token is needed, too: a bad one is as none.

        Who calls is not noted: whoever has keys would have as many limits of logins.
        """
        token = exchange.inbound.bearer
        if token is not None and is_api_key(token):
            with suppress(ApiKeyInvalid, KeyAddressRefused, Unavailable):
                await self._keys.replace(exchange, token)

    async def _refuse(self, exchange: ProxiedRequest, refusal: Refusal) -> None:
        if exchange.status is not None:
            return  # too late: the server breaks the connection off
        if not exchange.is_counted:  # it was refused before it was known who asks
            try:
                self._admission.admit_here(exchange)
            except RateLimited as limited:
                refusal = limited
        await exchange.refuse(refusal)

    def _account(self, exchange: ProxiedRequest, seconds: float) -> None:
        route = exchange.route
        status = exchange.status or InternalError.status
        method: str = exchange.scope["method"]
        label: str | None = None
        if route is None:
            self._meter.observe("any", "none", status, seconds)
        else:
            label = route.label
            if route.is_prefix:
                label = self._templates.find(route.upstream, exchange.path) or label
            self._meter.observe(method, label, status, seconds)
            if route.own and route.is_public:
                return  # probes, scrapes and pages of documentation
        claims = exchange.claims
        logs.request(
            method=method,
            path=loggable(exchange.scope["raw_path"]),
            route=label,
            status=status,
            milliseconds=round(seconds * 1000, 2),
            subject=None if claims is None else claims.subject,
            address=exchange.caller,
        )


def loggable(path: bytes) -> str:
    """Return a path for the log, cut to a length and in plain characters."""
    return path[:200].decode("ascii", "backslashreplace")
