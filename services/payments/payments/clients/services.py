"""Asks auth, wallet and notifications for what events have not told.

Never inside a unit of work; an answer serves the request at hand and is not stored.
"""

from collections.abc import Iterable
from typing import Literal, TypeVar
from uuid import UUID

import httpx
from pydantic import AwareDatetime, BaseModel, ValidationError

from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken
from payments.domain.parties import Person, Wallet, WalletFunds
from payments.domain.timeline.story import LedgerEntry, Posting, WebhookTried
from payments.settings import Settings

TIMEOUT_SECONDS = 2.0

M = TypeVar("M", bound=BaseModel)


class _User(BaseModel):
    user_id: UUID
    username: str | None
    status: Literal["pending", "active", "disabled", "deleted"]


class _Wallet(BaseModel):
    id: UUID
    owner_id: UUID | None
    currency: str


class _Account(_Wallet):
    status: Literal["active", "frozen"]
    available_minor: int
    room_minor: int | None = None


class _Leg(BaseModel):
    account_id: UUID
    owner_id: UUID | None
    seq: int
    amount_minor: int


class _Transfer(BaseModel):
    id: UUID
    currency: str
    posted_at: AwareDatetime
    entries: list[_Leg]


class _Attempt(BaseModel):
    at: AwareDatetime
    type: str
    sequence: int
    number: int
    endpoint_host: str
    milliseconds: int
    status_code: int | None
    error: str | None


class _Attempts(BaseModel):
    items: list[_Attempt]


class ServicesClient:
    """Calls the internal operations of other services, with payments' own token.

    Every method raises Unavailable where the other service gives no usable answer.
    """

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, settings: Settings) -> None:
        self._client = client
        self._token = token
        self._auth = f"{settings.auth_url.rstrip('/')}/internal"
        self._wallet = f"{settings.wallet_url.rstrip('/')}/internal"
        self._notifications = f"{settings.notifications_url.rstrip('/')}/internal"

    async def person_by_id(self, user_id: UUID) -> Person | None:
        """Return a user; None where there is none."""
        return await self._person({"id": str(user_id)})

    async def person_by_username(self, username: str) -> Person | None:
        """Return the user of that name, however it is spelt; None where there is none."""
        return await self._person({"username": username})

    async def wallet(self, wallet_id: UUID) -> Wallet | None:
        """Return a user's wallet; None where there is none, or it is the house's own."""
        answer = await self._get(f"{self._wallet}/wallets/{wallet_id}", {})
        if answer is None:
            return None
        found = _read(_Wallet, answer)
        if found.owner_id is None:
            return None
        return Wallet(found.id, found.owner_id, found.currency)

    async def funds(self, owner_id: UUID, currency: str, wallet_id: UUID | None) -> WalletFunds:
        """Return what a wallet of this owner holds: the named one, or the default one."""
        query = {"owner_id": str(owner_id), "currency": currency}
        if wallet_id is not None:
            query["wallet_id"] = str(wallet_id)
        answer = await self._get(f"{self._wallet}/accounts", query)
        if answer is None:
            return WalletFunds(available_minor=0, is_frozen=False)
        found = _read(_Account, answer)
        is_frozen = found.status == "frozen"
        return WalletFunds(found.available_minor, is_frozen=is_frozen, room_minor=found.room_minor)

    async def posting(self, transfer_id: UUID, account_ids: Iterable[UUID]) -> Posting | None:
        """Return a transfer with its entries on these accounts; None where there is none."""
        accounts = ",".join(str(one) for one in account_ids)
        url = f"{self._wallet}/transfers/{transfer_id}"
        answer = await self._get(url, {"accounts": accounts})
        if answer is None:
            return None
        found = _read(_Transfer, answer)
        legs = tuple(
            LedgerEntry(leg.account_id, leg.owner_id, leg.seq, leg.amount_minor)
            for leg in found.entries
        )
        return Posting(found.id, found.currency, found.posted_at, legs)

    async def webhooks(self, payment_id: UUID, user_id: UUID) -> list[WebhookTried]:
        """Return the attempts to call a user's endpoints about a payment, oldest first."""
        url = f"{self._notifications}/payments/{payment_id}/deliveries"
        answer = await self._get(url, {"user_id": str(user_id)})
        if answer is None:
            return []
        return [WebhookTried(**one.model_dump()) for one in _read(_Attempts, answer).items]

    async def _person(self, query: dict[str, str]) -> Person | None:
        answer = await self._get(f"{self._auth}/users", query)
        if answer is None:
            return None
        found = _read(_User, answer)
        return Person(found.user_id, found.username, found.status)

    async def _get(self, url: str, query: dict[str, str]) -> httpx.Response | None:
        try:
            answer = await self._client.get(
                url, params=query, headers=await self._token.headers(), timeout=TIMEOUT_SECONDS
            )
        except httpx.HTTPError as error:
            raise Unavailable from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise Unavailable
        return answer


def _read(model: type[M], answer: httpx.Response) -> M:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        raise Unavailable from error
