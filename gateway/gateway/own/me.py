"""Answers GET /v1/me: the caller, with wallets and their latest entries.

The answer is composed of the services' own; where one of them refuses, its refusal is the answer.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.forwarding.forwarder import ServiceRefused, ask
from gateway.forwarding.request import ProxiedRequest
from gateway.forwarding.upstream import Upstream
from kit.tasks import all_of, together

ENTRIES: Final = 10
MOST_WALLETS: Final = 100

_OK: Final = 200


class Me:
    """Composes the answer about the caller."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._auth = upstreams["auth"]
        self._wallet = upstreams["wallet"]

    async def answer(self, exchange: ProxiedRequest) -> None:
        """Answer auth's `/v1/auth/me` with `wallets`, each with its latest `entries`."""
        try:
            (me, _), wallets = await together(
                ask(exchange, self._auth, "/v1/auth/me"), self._wallets(exchange)
            )
        except ServiceRefused as refused:
            await exchange.answer(*refused.answer)
            return
        await exchange.answer_json(_OK, orjson.dumps({**me, "wallets": wallets}))

    async def _wallets(self, exchange: ProxiedRequest) -> list[dict[str, Any]]:
        # By owner, because an admin would otherwise be shown everybody's.
        owner = exchange.claims.subject if exchange.claims else ""
        path = f"/v1/wallets?owner_id={owner}&limit={MOST_WALLETS}"
        page, _ = await ask(exchange, self._wallet, path)
        wallets = page["items"]
        entries = await all_of(self._entries(exchange, wallet["id"]) for wallet in wallets)
        return [
            {**wallet, "entries": latest} for wallet, latest in zip(wallets, entries, strict=True)
        ]

    async def _entries(self, exchange: ProxiedRequest, wallet_id: str) -> list[dict[str, Any]]:
        path = f"/v1/wallets/{wallet_id}/entries?limit={ENTRIES}"
        page, _ = await ask(exchange, self._wallet, path)
        entries: list[dict[str, Any]] = page["items"]
        return entries
