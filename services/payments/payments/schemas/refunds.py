"""Shapes what the API of refunds takes and gives."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import decimal_text
from kit.refusals import Language
from kit.web.fields import AmountText
from kit.web.schemas import Model
from payments.domain.reasons import refund_reason_label
from payments.domain.refunds import Refund, RefundOrigin, RefundStatus
from payments.schemas.texts import PaymentPurpose

_EXAMPLE: dict[str, Any] = {
    "id": "0197a1e0-1b22-7c63-92d4-7a8b9c0d1e05",
    "payment_id": "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    "status": "completed",
    "amount": "60.00",
    "currency": "RUB",
    "origin": "request",
    "reason": "One ticket less",
    "failure_reason": None,
    "reason_label": None,
    "transfer_id": "0197a1e0-1b3c-7d84-83e5-8b9c0d1e2f06",
    "created_at": "2026-02-01T09:00:00Z",
    "completed_at": "2026-02-01T09:00:00Z",
    "failed_at": None,
    "borne_by_house": "0.00",
}


COMPLETED = _EXAMPLE
PROCESSING = {**_EXAMPLE, "status": "processing", "transfer_id": None, "completed_at": None}


class RefundRequest(Model):
    """How much to give back, and why; every field may be left out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "60.00", "reason": "One ticket less"}]}
    )

    amount: AmountText | None = Field(
        None, description="In the payment's currency; if not given, all that is left of it."
    )
    reason: PaymentPurpose | None = Field(
        None, description="What it is for; payer and payee see it.", examples=["One ticket less"]
    )


class RefundAnswer(Model):
    """A refund; only the payee sees why it failed, as their money was not there."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    payment_id: UUID
    status: RefundStatus
    amount: str
    currency: str
    origin: RefundOrigin = Field(
        RefundOrigin.REQUEST, description="Asked for here, or made at the card's provider."
    )
    reason: str | None = None
    failure_reason: str | None = Field(None, description="Why it failed: a stable code.")
    reason_label: str | None = Field(None, description="The same in the caller's language.")
    transfer_id: UUID | None = Field(None, description="The wallet's transfer, once completed.")
    created_at: datetime
    completed_at: datetime | None = None
    failed_at: datetime | None = None
    borne_by_house: str | None = Field(
        None,
        description="How much the house bears, as a dispute has already taken the payee's money;"
        " the payee bears the rest. The payer does not see it.",
    )


def refund_shown(refund: Refund, language: Language, *, to_payer: bool) -> RefundAnswer:
    """Return the refund as its payee and admins, or its payer, may see it."""
    failure_reason = None if to_payer else refund.failure_reason
    return RefundAnswer(
        id=refund.id,
        payment_id=refund.payment_id,
        status=refund.status,
        amount=decimal_text(refund.amount_minor, refund.currency),
        currency=refund.currency,
        origin=refund.origin,
        reason=refund.reason,
        failure_reason=failure_reason,
        reason_label=refund_reason_label(failure_reason, language),
        transfer_id=refund.transfer_id,
        created_at=refund.created_at,
        completed_at=refund.completed_at,
        failed_at=refund.failed_at,
        borne_by_house=None if to_payer else decimal_text(refund.borne_minor, refund.currency),
    )
