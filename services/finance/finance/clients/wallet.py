"""Asks wallet what its accounts have moved, and how they stand."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from finance.domain.feed.movements import BookMovement
from finance.domain.feed.reconciliation import ToldBalance
from kit.db.tail import Tail, TailPage
from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken

TIMEOUT_SECONDS: Final = 10.0
PAGE: Final = 2000
T = TypeVar("T")


class _Entry(Struct):
    position: int
    account_id: str
    seq: int
    amount_minor: int
    balance_after_minor: int


class _Transfer(Struct):
    id: str
    kind: str
    reference: str
    description: str | None
    purpose: str | None
    posted_at: datetime
    payer_account_id: str
    payee_account_id: str
    entries: list[_Entry]


class _Account(Struct):
    id: str
    owner_id: UUID | None
    currency: str
    name: str
    kind: str


class _Moved(Struct):
    transfers: list[_Transfer]
    accounts: list[_Account]


class _Page(_Moved):
    positions: list[int]
    is_whole: bool
    oldest_xid: int
    next_xid: int


class _Balance(Struct):
    id: UUID
    owner_id: UUID
    seq: int
    balance_minor: int
    first_position: int | None


class _Balances(Struct):
    items: list[_Balance]


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
        page = await self._get("/movements", query, _Page)
        reading = TailPage(page.positions, page.is_whole, page.oldest_xid, page.next_xid)
        return FeedPage(_movements(page), reading)

    async def of_wallet(
        self, wallet_id: UUID, after_seq: int, limit: int = PAGE
    ) -> Sequence[BookMovement]:
        """Return what one wallet has moved after a number."""
        query = {"after_seq": after_seq, "limit": limit}
        return _movements(await self._get(f"/wallets/{wallet_id}/movements", query, _Moved))

    async def balances(self, after: UUID | None, limit: int = PAGE) -> Sequence[ToldBalance]:
        """Return how wallets stand, in the order of their ids."""
        query = {"limit": limit} | ({} if after is None else {"after": str(after)})
        page = await self._get("/wallets", query, _Balances)
        return [ToldBalance(*astuple(one)) for one in page.items]

    async def _get(self, path: str, query: Mapping[str, str | int], wanted: type[T]) -> T:
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
            return msgspec.json.decode(answer.content, type=wanted)
        except msgspec.DecodeError as error:
            raise Unavailable from error


def _movements(told: _Moved) -> list[BookMovement]:
    """Return the entries of transfers as movements, each with who is at the other end.

    Raises Unavailable where an account is missing: that is no fault of the movements.
    """
    try:
        return list(_told(told))
    except (LookupError, ValueError) as error:
        raise Unavailable from error


def _told(told: _Moved) -> Iterator[BookMovement]:
    accounts = {one.id: one for one in told.accounts}
    owned = {one.id: (UUID(one.id), one.owner_id) for one in told.accounts if one.owner_id}
    for transfer in told.transfers:
        for entry in transfer.entries:
            account = accounts[entry.account_id]
            wallet_id, owner_id = owned[account.id]
            is_payer = transfer.payer_account_id == account.id
            other = accounts[transfer.payee_account_id if is_payer else transfer.payer_account_id]
            yield BookMovement(
                entry.position,
                wallet_id,
                owner_id,
                account.currency,
                account.name,
                entry.seq,
                entry.amount_minor,
                entry.balance_after_minor,
                transfer.posted_at,
                transfer.id,
                transfer.kind,
                transfer.reference,
                transfer.description,
                transfer.purpose,
                other.owner_id,
                other.kind == "wallet" and other.owner_id == owner_id,
            )
