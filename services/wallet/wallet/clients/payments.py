"""Asks payments to charge a card for a wallet, with wallet's own token; moves no money itself."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from contracts.cards import CARD_REFUSALS
from kit.money import Money
from kit.refusals import Language, Unavailable
from kit.tokens.service_client import ServiceToken
from wallet.refusals import WalletClosed

_FAILED: Final = frozenset({"failed", "cancelled"})
TIMEOUT_SECONDS: Final = 8.0  # payments asks the provider within it


class _Action(BaseModel):
    url: str


class _Charge(BaseModel):
    status: str = ""
    next_action: _Action | None


class _Problem(BaseModel):
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTopUp:
    """A card to be charged for a wallet; the charge is made once for its id."""

    charge_id: UUID
    wallet_id: UUID
    owner_id: UUID
    money: Money
    return_url: str


@dataclass(frozen=True, slots=True)
class Started:
    """How a charge stands: where the card is entered, if that is known, or that none will come."""

    url: str | None
    has_failed: bool = False


class PaymentsClient:
    """The operation of payments that charges cards."""

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, payments_url: str) -> None:
        """Take the client (its owner closes it), the token, and where payments listens."""
        self._client = client
        self._token = token
        self._url = f"{payments_url.rstrip('/')}/internal/charges"

    async def start(self, wanted: CardTopUp, language: Language) -> Started:
        """Start a charge, once for an id; returns how it stands.

        Raises:
            CardRefused: no card is charged so; payments has said why.
            WalletClosed: its owner is not active any more.
            Unavailable: payments did not answer.
        """
        body = {
            "charge_id": str(wanted.charge_id),
            "wallet_id": str(wanted.wallet_id),
            "owner_id": str(wanted.owner_id),
            "amount": wanted.money.decimal,
            "currency": wanted.money.currency,
            "return_url": wanted.return_url,
        }
        try:
            headers = {**await self._token.headers(), "Accept-Language": language}
            answer = await self._client.post(
                self._url, json=body, headers=headers, timeout=TIMEOUT_SECONDS
            )
            _repeat_refusal(answer)
            answer.raise_for_status()
            charge = _Charge.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise Unavailable from error
        url = charge.next_action.url if charge.next_action else None
        return Started(url, has_failed=charge.status in _FAILED)


def _repeat_refusal(answer: httpx.Response) -> None:
    """Refuse as payments has refused, in the caller's language."""
    if not answer.is_client_error:
        return
    problem = _Problem.model_validate_json(answer.content)
    if problem.code == "payer_not_active":  # being deleted, or deleted, meanwhile
        raise WalletClosed
    if (refusal := CARD_REFUSALS.get(problem.code)) is not None:
        raise refusal(told=problem.detail)
