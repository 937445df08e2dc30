"""Composes the gateway; every choice of a part is made here."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from gateway.api_keys import KeyExchange
from gateway.cors import Cors
from gateway.documents.pages import Documentation
from gateway.documents.paths import keep_learned
from gateway.forwarding.callers import TrustedProxies
from gateway.forwarding.forwarder import Forwarder
from gateway.forwarding.transport import ReplicaTransport
from gateway.forwarding.upstream import Upstream, Upstreams
from gateway.limits.admission import Admission
from gateway.limits.counts import Counts
from gateway.limits.shared import SharedCounts
from gateway.own import currencies
from gateway.own.health import Health
from gateway.own.index import Index
from gateway.own.me import MeWithWallets
from gateway.own.methods import Methods
from gateway.own.users import UserList
from gateway.proxy import Gateway, OwnPart
from gateway.routing.table import ProxyRoutes
from gateway.routing.templates import RouteTemplates
from gateway.settings import Settings
from kit.redis import RedisLine
from kit.tasks import spawn, stop
from kit.tokens import Revocations, ServiceToken, TokenVerifier


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Gateway]:
    """Open what the gateway needs, yield the gateway, and close it all."""
    async with (
        SharedCounts.opened(settings.redis_url) as counts,
        Upstreams(
            settings.upstream_urls, settings.upstream_timeout_seconds, settings.sockets
        ) as upstreams,
        auth_client(upstreams) as client,
    ):
        tokens = await TokenVerifier.open(
            settings.jwks_url,
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            revocations=Revocations(RedisLine(settings.redis_url)),
            client=client,
        )
        templates = RouteTemplates()
        learning = [
            spawn(keep_learned(templates, upstream), f"gateway.templates.{name}")
            for name, upstream in upstreams.items()
        ]
        try:
            yield assembled(settings, upstreams, tokens, counts, client, templates)
        finally:
            await stop(learning)
            await tokens.close()


def auth_client(upstreams: Mapping[str, Upstream]) -> httpx.AsyncClient:
    """Return a client that asks whichever replica of auth is there."""
    transport = ReplicaTransport(upstreams["auth"].replicas)
    return httpx.AsyncClient(transport=transport, trust_env=False)


def assembled(  # noqa: PLR0913, PLR0917 - each is a part that somebody else closes
    settings: Settings,
    upstreams: Mapping[str, Upstream],
    tokens: TokenVerifier,
    counts: Counts,
    client: httpx.AsyncClient,
    templates: RouteTemplates,
) -> Gateway:
    """Return the gateway, made of open parts."""
    routes = ProxyRoutes.of(in_production=settings.in_production, serves_docs=settings.serves_docs)
    forwarder = Forwarder(
        upstreams,
        max_body_bytes=settings.max_body_bytes,
        max_import_bytes=settings.max_import_bytes,
        body_seconds=settings.body_seconds,
        stalled_seconds=settings.stalled_seconds,
    )
    draining = asyncio.Event()
    health = Health(upstreams, tokens, settings.metrics_readers, draining)
    documentation = Documentation(upstreams, routes)
    index = Index(in_production=settings.in_production, serves_docs=settings.serves_docs)
    own: dict[str, OwnPart] = {
        "index": index.answer,
        "me": MeWithWallets(upstreams).answer,
        "users": UserList(upstreams, forwarder).answer,
        "currencies": currencies.answer,
        "live": health.live,
        "ready": health.ready,
        "metrics": health.metrics,
        "upstreams": health.upstreams,
        "swagger": documentation.swagger,
        "redoc": documentation.redoc,
        "asset": documentation.asset,
        "openapi": documentation.openapi,
        "combined": documentation.combined,
    }
    auth_url = settings.upstream_urls["auth"][0]
    admission = Admission(counts, settings.rate_limit_factor)
    own_token = ServiceToken(client, auth_url, "gateway", settings.client_secret)
    return Gateway(
        table=routes,
        templates=templates,
        methods=Methods(routes, upstreams),
        tokens=tokens,
        keys=KeyExchange(client, auth_url, own_token, tokens, admission),
        forwarder=forwarder,
        own=own,
        cors=Cors(settings.cors_origins, allows_local=not settings.in_production),
        proxies=TrustedProxies(settings.proxies, settings.proxy_header),
        draining=draining,
        admission=admission,
    )
