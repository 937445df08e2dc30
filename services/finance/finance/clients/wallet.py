"""Asks wallet what its accounts have moved, and how they stand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import httpx
import orjson

from finance.domain.feed.movements import BookMovement
from finance.domain.feed.reconciliation import ToldBalance
from kit.db.tail import Tail, TailPage
from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken

TIMEOUT_SECONDS: Final = 10.0
PAGE: Final = 2000


class FeedPage(NamedTuple):
    """What one reading of wallet's movements gave, and how far it goes."""

    movements: Sequence[BookMovement]
    reading: TailPage


class WalletClient:
    """Calls wallet's internal operations, with finance's own token.

    Every method raises Unavailable where wallet gives no usable answer.
    """

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, url: str) -> None:
        self._client = client
        self._token = token
        self._url = f"{url.rstrip('/')}/internal"

    async def read_on(self, tail: Tail, limit: int = PAGE) -> FeedPage:
        """Return what all wallets have moved after what a tail has taken."""
        query: dict[str, str | int] = {"after": tail.taken_to, "limit": limit}
        if gaps := tail.gaps:
            query["gaps"] = ",".join(f"{first}-{last}" for first, last in gaps)
        page = await self._get("/movements", query)
        reading = TailPage(
            page["positions"], page["is_whole"], page["oldest_xid"], page["next_xid"]
        )
        return FeedPage(_movements(page["movements"]), reading)

    async def of_wallet(
        self, wallet_id: UUID, after_seq: int, limit: int = PAGE
    ) -> Sequence[BookMovement]:
        """Return what one wallet has moved after a number."""
        query = {"after_seq": after_seq, "limit": limit}
        page = await self._get(f"/wallets/{wallet_id}/movements", query)
        return _movements(page["movements"])

    async def balances(self, after: UUID | None, limit: int = PAGE) -> Sequence[ToldBalance]:
        """Return how wallets stand, in the order of their ids."""
        query = {"limit": limit} | ({} if after is None else {"after": str(after)})
        page = await self._get("/wallets", query)
        return [
            ToldBalance(
                UUID(one["id"]),
                UUID(one["owner_id"]),
                one["seq"],
                one["balance_minor"],
                one["first_position"],
            )
            for one in page["items"]
        ]

    async def _get(self, path: str, query: Mapping[str, str | int]) -> Any:
        try:
            answer = await self._client.get(
                f"{self._url}{path}",
                params=query,
                headers=await self._token.headers(),
                timeout=TIMEOUT_SECONDS,
            )
        except httpx.HTTPError as error:
            raise Unavailable from error
        if answer.status_code != httpx.codes.OK:
            raise Unavailable
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError as error:
            raise Unavailable from error


def _movements(told: Sequence[Mapping[str, Any]]) -> list[BookMovement]:
    """Read movements; the ids of people and wallets come again and again."""
    ids: dict[str, UUID] = {}

    def known(text: str) -> UUID:
        found = ids.get(text)
        if found is None:
            found = ids[text] = UUID(text)
        return found

    movements = []
    for one in told:
        account, transfer, other = one["account"], one["transfer"], one["counterparty"]
        is_own = other["kind"] == "wallet" and other["owner_id"] == account["owner_id"]
        movements.append(
            BookMovement(
                one["position"],
                known(account["id"]),
                known(account["owner_id"]),
                account["currency"],
                account["name"],
                one["seq"],
                one["amount_minor"],
                one["balance_after_minor"],
                datetime.fromisoformat(one["posted_at"]),
                transfer["id"],
                transfer["kind"],
                transfer["reference"],
                transfer["description"],
                transfer["purpose"],
                None if other["owner_id"] is None else known(other["owner_id"]),
                is_own,
            )
        )
    return movements
