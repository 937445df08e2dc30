"""Answers GET /v1/users?expand=wallets: auth's users, each with their wallets.

Without that parameter the list is auth's alone. Auth lets only admins pass, so only they see this.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.forwarding.forwarder import Forwarder, ServiceRefused, ask
from gateway.forwarding.headers import Header
from gateway.forwarding.request import ProxiedRequest
from gateway.forwarding.upstream import Upstream
from gateway.own.parameters import EXPAND, is_expanded
from kit.web.serving.bodies import parse_query

WALLETS: Final = "wallets"
PAGE: Final = 100

_OK: Final = 200


class UserList:
    """Answers the list of users, with or without their wallets."""

    def __init__(self, upstreams: Mapping[str, Upstream], forwarder: Forwarder) -> None:
        self._auth = upstreams["auth"]
        self._wallet = upstreams["wallet"]
        self._forwarder = forwarder

    async def answer(self, exchange: ProxiedRequest) -> None:
        """Answer auth's page, with `wallets` in each user where that is asked for."""
        if not is_expanded(exchange.query, WALLETS):
            await self._forwarder.forward(exchange, self._auth.name)
            return
        try:
            path = f"{exchange.path.decode()}?{_without_expand(exchange.query).decode()}"
            page, headers = await ask(exchange, self._auth, path)
            owned = await self._by_owner(exchange, [user["id"] for user in page["items"]])
        except ServiceRefused as refused:
            await refused.pass_on(exchange)
            return
        page["items"] = [{**user, "wallets": owned[user["id"]]} for user in page["items"]]
        body = orjson.dumps(page)
        # Auth's headers are kept, for they link to the next page; only the length is another.
        kept = [_with_expand(header) for header in headers if header[0] != b"content-length"]
        await exchange.answer(_OK, [*kept, (b"content-length", b"%d" % len(body))], body)

    async def _by_owner(
        self, exchange: ProxiedRequest, owners: list[str]
    ) -> dict[str, list[dict[str, Any]]]:
        owned: dict[str, list[dict[str, Any]]] = {owner: [] for owner in owners}
        cursor: str | None = ""
        while owners and cursor is not None:
            path = f"/v1/wallets?owner_id={','.join(owners)}&limit={PAGE}"
            page, _ = await ask(
                exchange, self._wallet, f"{path}&cursor={cursor}" if cursor else path
            )
            for wallet in page["items"]:
                owned[wallet["owner_id"]].append(wallet)
            cursor = page["next_cursor"]
        return owned


def _without_expand(query: bytes) -> bytes:
    """Return the query as auth knows it."""
    return b"&".join(part for part in query.split(b"&") if EXPAND not in parse_query(part))


def _with_expand(header: Header) -> Header:
    """Return a header with the parameter restored in its link to the next page."""
    name, value = header
    if name != b"link":
        return header
    return name, value.replace(b"<?", b"<?%b=%b&" % (EXPAND.encode(), WALLETS.encode()), 1)
