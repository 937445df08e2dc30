"""Owns GET /v1/users?expand=wallets: auth's list of users, each with the wallets they own.

Without that parameter the list is auth's alone. Only admins get past auth, so only they see this.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.exchange import Exchange
from gateway.forwarding import Forwarder, Refused, ask
from gateway.upstream import Upstream

EXPAND: Final = b"expand=wallets"
PAGE: Final = 100

_OK: Final = 200


class Users:
    """The list, with or without wallets."""

    def __init__(self, upstreams: Mapping[str, Upstream], forwarder: Forwarder) -> None:
        self._auth = upstreams["auth"]
        self._wallet = upstreams["wallet"]
        self._forwarder = forwarder

    async def answer(self, exchange: Exchange) -> None:
        """Answer auth's page; where asked to, each of its users with `wallets`."""
        if exchange.method == "HEAD" or EXPAND not in exchange.query.split(b"&"):
            await self._forwarder.forward(exchange, self._auth.name)
            return
        try:
            path = f"{exchange.path.decode()}?{exchange.query.decode()}"
            page, headers = await ask(exchange, self._auth, path)
            owned = await self._by_owner(exchange, [user["id"] for user in page["items"]])
        except Refused as refused:
            await exchange.answer(*refused.answer)
            return
        page["items"] = [{**user, "wallets": owned[user["id"]]} for user in page["items"]]
        body = orjson.dumps(page)
        # Auth's own, as the link to the next page is there; only the length is another.
        kept = [header for header in headers if header[0] != b"content-length"]
        await exchange.answer(_OK, [*kept, (b"content-length", b"%d" % len(body))], body)

    async def _by_owner(
        self, exchange: Exchange, owners: list[str]
    ) -> dict[str, list[dict[str, Any]]]:
        owned: dict[str, list[dict[str, Any]]] = {owner: [] for owner in owners}
        cursor: str | None = ""
        while owners and cursor is not None:
            path = f"/v1/wallets?owner={','.join(owners)}&limit={PAGE}"
            page, _ = await ask(
                exchange, self._wallet, f"{path}&cursor={cursor}" if cursor else path
            )
            for wallet in page["items"]:
                owned[wallet["owner_id"]].append(wallet)
            cursor = page["next_cursor"]
        return owned
