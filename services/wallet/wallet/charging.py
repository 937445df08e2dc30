"""Asks payments to charge a card for a wallet, with wallet's own token; moves no money itself."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from kit.money import Money
from kit.refusals import Unavailable
from kit.tokens.service_client import ServiceToken

_FAILED: Final = frozenset({"failed", "cancelled"})
TIMEOUT_SECONDS: Final = 8.0  # payments asks the provider within it


class _Action(BaseModel):
    url: str


class _Charge(BaseModel):
    status: str = ""
    next_action: _Action | None


@dataclass(frozen=True, slots=True)
class Started:
    """How a charge stands: where the card is entered, if that is known, or that none will come."""

    url: str | None
    has_failed: bool = False


class Charging:
    """The operation of payments that charges cards."""

    def __init__(self, client: httpx.AsyncClient, token: ServiceToken, payments_url: str) -> None:
        """Take the client (its owner closes it), the token, and where payments listens."""
        self._client = client
        self._token = token
        self._url = f"{payments_url.rstrip('/')}/internal/charges"

    async def start(
        self, charge_id: UUID, wallet_id: UUID, owner_id: UUID, money: Money, return_url: str
    ) -> Started:
        """Start a charge, once for an id; returns how it stands.

        Raises:
            Unavailable: payments did not answer.
        """
        body = {
            "charge_id": str(charge_id),
            "wallet_id": str(wallet_id),
            "owner_id": str(owner_id),
            "amount": money.decimal,
            "currency": money.currency,
            "return_url": return_url,
        }
        try:
            answer = await self._client.post(
                self._url, json=body, headers=await self._token.headers(), timeout=TIMEOUT_SECONDS
            )
            answer.raise_for_status()
            charge = _Charge.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise Unavailable from error
        url = charge.next_action.url if charge.next_action else None
        return Started(url, has_failed=charge.status in _FAILED)
