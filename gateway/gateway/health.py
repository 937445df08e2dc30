"""Owns the gateway's liveness, readiness and figures. Ready means: every service behind is."""

import asyncio
from collections.abc import Awaitable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from gateway.exchange import Exchange
from gateway.forwarding import request_head
from gateway.upstream import Upstream
from kit.refusals import NotFound, Unavailable
from kit.tokens.verifier import TokenVerifier

CHECK_SECONDS: Final = 2.5

_OK: Final = 200
_NOT_READY: Final = 503
# A proxy in front lends its own address to whoever comes through it.
_FROM_A_PROXY: Final = frozenset((b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"))

_log = structlog.get_logger(__name__)


class Health:
    """Answers probes and scrapes."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        tokens: TokenVerifier,
        metrics_readers: tuple[IPv4Network | IPv6Network, ...],
    ) -> None:
        self._upstreams = upstreams
        self._tokens = tokens
        self._metrics_readers = metrics_readers

    async def live(self, exchange: Exchange) -> None:
        """Answer 200 whenever the event loop turns."""
        await exchange.answer_json(_OK, b'{"status":"live"}')

    async def ready(self, exchange: Exchange) -> None:
        """Answer 200, or 503 naming what is not ready."""
        checks: dict[str, Awaitable[None]] = {
            name: self._ask(exchange, upstream) for name, upstream in self._upstreams.items()
        }
        checks["jwks"] = _require(is_true=self._tokens.keys_loaded)
        checks["revocations"] = _require(is_true=self._tokens.revocations_fresh)
        outcomes = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
        is_ready = all(outcomes)
        document = {
            "status": "ready" if is_ready else "not_ready",
            "checks": {
                name: "ok" if passed else "failed"
                for name, passed in zip(checks, outcomes, strict=True)
            },
        }
        await exchange.answer_json(_OK if is_ready else _NOT_READY, orjson.dumps(document))

    async def metrics(self, exchange: Exchange) -> None:
        """Answer in Prometheus' text format, to those who may read it.

        Raises:
            NotFound: to everybody else.
        """
        names = {name for name, _ in exchange.scope["headers"]}
        try:
            peer = ip_address(exchange.peer)
        except ValueError:
            raise NotFound from None
        if names & _FROM_A_PROXY or not any(peer in network for network in self._metrics_readers):
            raise NotFound
        body = generate_latest(REGISTRY)
        headers = [
            (b"content-type", CONTENT_TYPE_LATEST.encode()),
            (b"content-length", b"%d" % len(body)),
        ]
        await exchange.answer(_OK, headers, body)

    async def _ask(self, exchange: Exchange, upstream: Upstream) -> None:
        head = request_head(exchange, upstream, b"GET /health/ready", ())
        status, _, _ = await upstream.fetch(head)
        await _require(is_true=status == _OK)


async def _require(*, is_true: bool) -> None:
    if not is_true:
        raise Unavailable


async def _passes(name: str, check: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check
    except Exception as error:  # noqa: BLE001 - whatever it is, the check has not passed
        _log.warning("not_ready", check=name, error=type(error).__name__)
        return False
    return True
