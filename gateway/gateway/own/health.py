"""Answers the gateway's liveness, readiness and metrics.

It is ready when every service behind it is. It is degraded where a service behind it is, or where a
service is away without which people still log in, read and pay.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from gateway.forwarding.forwarder import request_head
from gateway.forwarding.request import ProxiedRequest
from gateway.forwarding.upstream import Upstream
from kit.refusals import NotFound, Unavailable
from kit.tasks import spawn
from kit.tokens.verifier import TokenVerifier
from kit.web.readiness import DEGRADED, READY, UNAVAILABLE, readiness

CHECK_SECONDS: Final = 2.5

_OK: Final = 200
_NOT_READY: Final = 503
_OK_WORD: Final = "ok"
_FAILED: Final = "failed"
_STOPPING: Final = b'{"status":"unavailable","checks":{"stopping":"failed"}}'
# Money moves without the shop and without the books of finance, which catch up; mails and webhooks
# are sent later; production has no sandbox.
_DISPENSABLE: Final = frozenset({"shop", "finance", "notifications", "sandbox"})
# Whoever comes through a proxy in front has the proxy's address.
_FROM_A_PROXY: Final = frozenset((b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"))

_log = structlog.get_logger(__name__)


class Health:
    """Answers probes and scrapes."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        tokens: TokenVerifier,
        metrics_readers: tuple[IPv4Network | IPv6Network, ...],
        draining: asyncio.Event,
    ) -> None:
        self._upstreams = upstreams
        self._tokens = tokens
        self._metrics_readers = metrics_readers
        self._draining = draining
        self._asking: asyncio.Task[None] | None = None
        self._found: dict[str, str] = {}

    async def live(self, exchange: ProxiedRequest) -> None:
        """Answer 200 whenever the event loop runs."""
        await exchange.answer_json(_OK, b'{"status":"live"}')

    async def ready(self, exchange: ProxiedRequest) -> None:
        """Answer 200, or 503 where something indispensable is away; name each check.

        A process that is asked to stop is not ready, whatever is there.
        """
        if self._draining.is_set():
            await exchange.answer_json(_NOT_READY, _STOPPING)
            return
        if self._asking is None or self._asking.done():
            self._asking = spawn(self._ask_all(exchange), "gateway.health")
        # Whoever asks meanwhile waits for the same: anybody may ask, and all services are asked.
        await asyncio.shield(self._asking)
        found = dict(self._found)
        found["jwks"] = _OK_WORD if self._tokens.keys_loaded else _FAILED
        found["revocations"] = _OK_WORD if self._tokens.revocations_fresh else _FAILED
        passed = {name: outcome != _FAILED for name, outcome in found.items()}
        status = readiness(passed, _DISPENSABLE)
        if status == READY and DEGRADED in found.values():
            status = DEGRADED
        document = orjson.dumps({"status": status, "checks": found})
        await exchange.answer_json(_NOT_READY if status == UNAVAILABLE else _OK, document)

    async def metrics(self, exchange: ProxiedRequest) -> None:
        """Answer in Prometheus' text format, to those who may read it.

        Raises:
            NotFound: to everybody else.
        """
        self._refuse_others(exchange)
        body = generate_latest(REGISTRY)
        headers = [
            (b"content-type", CONTENT_TYPE_LATEST.encode()),
            (b"content-length", b"%d" % len(body)),
        ]
        await exchange.answer(_OK, headers, body)

    async def upstreams(self, exchange: ProxiedRequest) -> None:
        """Answer how each replica lately did, to those who may read metrics.

        Raises:
            NotFound: to everybody else.
        """
        self._refuse_others(exchange)
        now = asyncio.get_running_loop().time()
        document = {
            name: [replica.shown(now) for replica in upstream.replicas.all]
            for name, upstream in self._upstreams.items()
        }
        await exchange.answer_json(_OK, orjson.dumps(document))

    def _refuse_others(self, exchange: ProxiedRequest) -> None:
        """Refuse whoever is not in the networks that may read metrics."""
        names = {name for name, _ in exchange.scope["headers"]}
        try:
            peer = ip_address(exchange.peer)
        except ValueError:
            raise NotFound from None
        if names & _FROM_A_PROXY or not any(peer in network for network in self._metrics_readers):
            raise NotFound

    async def _ask_all(self, exchange: ProxiedRequest) -> None:
        asked: dict[str, Awaitable[str]] = {
            name: self._ask(exchange, upstream) for name, upstream in self._upstreams.items()
        }
        outcomes = await asyncio.gather(*map(_outcome, asked, asked.values()))
        self._found = dict(zip(asked, outcomes, strict=True))

    async def _ask(self, exchange: ProxiedRequest, upstream: Upstream) -> str:
        head = request_head(exchange, upstream, b"GET /health/ready", ())
        status, _, body = await upstream.fetch(head)
        if status != _OK:
            raise Unavailable
        return DEGRADED if b'"degraded"' in body else _OK_WORD


async def _outcome(name: str, asked: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await asked
    except Exception as error:  # noqa: BLE001 - after any error the check has not passed
        _log.warning("not_ready", check=name, error=type(error).__name__)
        return _FAILED
