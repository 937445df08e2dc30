"""What administrators ask over everybody's, and the charges that they are shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import decimal_text
from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT
from kit.web.schemas import Model
from payments.domain.charges import ChargeStatus, ReturnStatus
from payments.domain.listing import ListedCharge
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


class _Paged(Model):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Entries of a page at most.")
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> dict[str, Any]:
        """What a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"})


class RefundsQuery(_Paged):
    """Filters and page of everybody's refunds."""

    payment_id: UUID | None = None
    status: RefundStatus | None = None
    transfer_id: UUID | None = None
    payer: str | None = Field(
        None, max_length=64, description="Of the payment: a user's id, or username."
    )
    payee: str | None = Field(
        None, max_length=64, description="Of the payment: a user's id, or username."
    )


class BulksQuery(_Paged):
    """Filters and page of bulks."""

    payer: str | None = Field(
        None, max_length=64, description="Who sent it: a user's id, or username."
    )


class ChargesQuery(_Paged):
    """Filters and page of everybody's charges of cards."""

    payment_id: UUID | None = None
    payer: str | None = Field(None, max_length=64, description="A user's id, or username.")
    status: ChargeStatus | None = None
    provider: str | None = Field(None, max_length=40)
    return_status: ReturnStatus | None = Field(
        None, description="`refused` finds money that the provider did not give back."
    )


class ChargeSeen(Model):
    """A charge of a card, for a payment or a wallet, as administrators see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    payment_id: UUID | None = Field(None, description="The payment that it pays.")
    wallet_id: UUID | None = Field(None, description="The wallet that it tops up.")
    owner_id: UUID
    provider: str
    reference: str | None = Field(None, description="What the provider calls it.")
    amount: str
    currency: str
    status: ChargeStatus
    reason: str | None = Field(None, description="Why it failed: a stable code.")
    attempts: int = Field(description="Calls since the last news.")
    last_error: str | None = Field(None, description="What went wrong with the last call.")
    returned_amount: str = Field(
        description="What goes back to the card by itself, as nobody was paid by it."
    )
    return_status: ReturnStatus | None = Field(
        None, description="How that stands; what is `refused` lies at the provider."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, charge: ListedCharge) -> "ChargeSeen":
        """Return a charge as it is shown."""
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
