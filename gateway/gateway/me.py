"""Owns GET /v1/me: the caller as auth knows them, with wallets and their latest entries.

Composed of the services' own answers; where one of them refuses, that is the answer.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.exchange import Exchange
from gateway.headers import Header
from gateway.proxy import request_head
from gateway.refusals import UpstreamUnavailable
from gateway.upstream import Upstream

ENTRIES: Final = 10
MOST_WALLETS: Final = 100

_PASSED: Final = frozenset((b"authorization", b"accept-language"))
_OK: Final = 200


class _Refused(Exception):  # noqa: N818 - an answer to hand on, no error
    """A service answered with something else than 200."""

    def __init__(self, status: int, headers: list[Header], body: bytes) -> None:
        super().__init__(status)
        self.answer = (status, headers, body)


class Me:
    """The composed answer."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._auth = upstreams["auth"]
        self._wallet = upstreams["wallet"]

    async def answer(self, exchange: Exchange) -> None:
        """Answer auth's `/v1/auth/me` with `wallets`, each with its latest `entries`."""
        try:
            me, wallets = await asyncio.gather(
                self._get(exchange, self._auth, "/v1/auth/me"), self._wallets(exchange)
            )
        except _Refused as refused:
            await exchange.answer(*refused.answer)
            return
        await exchange.answer_json(_OK, orjson.dumps({**me, "wallets": wallets}))

    async def _wallets(self, exchange: Exchange) -> list[dict[str, Any]]:
        # By owner, as an admin would otherwise be shown everybody's.
        owner = exchange.claims.subject if exchange.claims else ""
        path = f"/v1/wallets?owner={owner}&limit={MOST_WALLETS}"
        wallets = (await self._get(exchange, self._wallet, path))["items"]
        entries = await asyncio.gather(
            *(self._entries(exchange, wallet["id"]) for wallet in wallets)
        )
        return [
            {**wallet, "entries": latest} for wallet, latest in zip(wallets, entries, strict=True)
        ]

    async def _entries(self, exchange: Exchange, wallet_id: str) -> list[dict[str, Any]]:
        path = f"/v1/wallets/{wallet_id}/entries?limit={ENTRIES}"
        entries: list[dict[str, Any]] = (await self._get(exchange, self._wallet, path))["items"]
        return entries

    async def _get(self, exchange: Exchange, upstream: Upstream, path: str) -> dict[str, Any]:
        passed = [header for header in exchange.inbound.passed if header[0] in _PASSED]
        head = request_head(exchange, upstream, f"GET {path}".encode(), passed)
        status, headers, body = await upstream.fetch(head)
        if status != _OK:
            raise _Refused(status, headers, body)
        try:
            document = orjson.loads(body)
        except ValueError as error:
            raise UpstreamUnavailable from error
        if not isinstance(document, dict):
            raise UpstreamUnavailable
        return document
