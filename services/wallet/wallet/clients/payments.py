"""Asks payments to charge a card for a wallet; moves no money itself.

It calls with wallet's own service token.
"""

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
TIMEOUT_SECONDS: Final = 8.0  # long enough for payments to ask the provider


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
    """A request to charge a card for a wallet, made once for each `charge_id`."""

    charge_id: UUID
    wallet_id: UUID
    owner_id: UUID
    money: Money
    return_url: str


@dataclass(frozen=True, slots=True)
class Started:
    """The state of a charge: its card page if known, or that it has failed."""

    url: str | None
    has_failed: bool = False


class PaymentsClient:
    """Calls the operation of payments that charges cards."""

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, payments_url: str) -> None:
        """Take the HTTP client (its owner closes it), the token and payments' address."""
        self._client = client
        self._token = token
        self._url = f"{payments_url.rstrip('/')}/internal/charges"

    async def start(self, wanted: CardTopUp, language: Language) -> Started:
        """Start a charge, once for each `charge_id`, and return its state.

        Raises:
            CardRefused: payments refuses the charge, and says why.
            WalletClosed: the owner is no longer active.
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
    """Raise payments' refusal as wallet's own, in the caller's language."""
    if not answer.is_client_error:
        return
    problem = _Problem.model_validate_json(answer.content)
    if problem.code == "payer_not_active":  # deleted meanwhile, or being deleted
        raise WalletClosed
    if (refusal := CARD_REFUSALS.get(problem.code)) is not None:
        raise refusal(detail=problem.detail)
