"""Shapes administrators' queries over everybody's data, and the charges they see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import decimal_text
from kit.web.queries import SpanQuery, old_name
from kit.web.schemas import Model
from payments.domain.cards.charges import ChargeStatus, ReturnStatus
from payments.domain.filters import ListedCharge
from payments.domain.refunds import RefundStatus

_EXAMPLE: dict[str, Any] = {
    "id": "0197a1e0-7d32-7a01-9b1c-2d3e4f5a6b08",
    "payment_id": "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    "wallet_id": None,
    "owner_id": "0197a1de-0d3f-7c4b-9c39-6f2a4a1b0c01",
    "provider": "sandbox",
    "reference": "card_1",
    "amount": "150.00",
    "currency": "RUB",
    "status": "succeeded",
    "reason": None,
    "attempts": 1,
    "last_error": None,
    "returned_amount": "0.00",
    "return_status": None,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:01:00Z",
}


class RefundsQuery(SpanQuery):
    """Filters and page of everybody's refunds, by when they were asked for."""

    payment_id: UUID | None = None
    status: RefundStatus | None = None
    transfer_id: UUID | None = None
    payer: str | None = Field(
        None, max_length=64, description="The payment's payer: a user's id or username."
    )
    payee: str | None = Field(
        None, max_length=64, description="The payment's payee: a user's id or username."
    )


class _OfOne(SpanQuery):
    """Filters and page of a list that belongs to one person."""

    old_names: ClassVar[Mapping[str, str]] = {"payer": "owner_id"}

    owner_id: UUID | None = Field(None, description="The user whose list it is.")
    payer: str | None = old_name("owner_id", max_length=64)

    @property
    def owner(self) -> str | None:
        """Whose list: a user's id, or under the old name `payer` also a username."""
        return self.payer if self.owner_id is None else str(self.owner_id)


class BulksQuery(_OfOne):
    """Filters and page of bulks, by when they were sent."""


class ChargesQuery(_OfOne):
    """Filters and page of everybody's charges of cards, by when they were asked for."""

    payment_id: UUID | None = None
    status: ChargeStatus | None = None
    provider: str | None = Field(None, max_length=40)
    return_status: ReturnStatus | None = Field(
        None, description="`refused` finds charges whose money the provider did not give back."
    )


class ChargeSeen(Model):
    """A charge of a card, for a payment or a wallet, as administrators see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    payment_id: UUID | None = Field(None, description="The payment that it pays.")
    wallet_id: UUID | None = Field(None, description="The wallet that it tops up.")
    owner_id: UUID
    provider: str
    reference: str | None = Field(None, description="The provider's id of it.")
    amount: str
    currency: str
    status: ChargeStatus
    reason: str | None = Field(None, description="Why it failed: a stable code.")
    attempts: int = Field(description="Calls of the provider since it last gave news.")
    last_error: str | None = Field(None, description="What went wrong with the last call.")
    returned_amount: str = Field(
        description="Money that goes back to the card by itself, as it paid nobody."
    )
    return_status: ReturnStatus | None = Field(
        None, description="How that return stands; `refused` money stays at the provider."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, charge: ListedCharge) -> "ChargeSeen":
        """Return the charge as administrators see it."""
        return cls(
            id=charge.id,
            payment_id=charge.payment_id,
            wallet_id=charge.account_id,
            owner_id=charge.owner_id,
            provider=charge.provider,
            reference=charge.reference,
            amount=decimal_text(charge.amount_minor, charge.currency),
            currency=charge.currency,
            status=ChargeStatus(charge.status),
            reason=charge.reason,
            attempts=charge.attempts,
            last_error=charge.last_error,
            returned_amount=decimal_text(charge.return_minor, charge.currency),
            return_status=charge.return_status and ReturnStatus(charge.return_status),
            created_at=charge.created_at,
            updated_at=charge.updated_at,
        )
