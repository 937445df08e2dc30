"""Shapes answers about webhooks to other services."""

from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schemas import Model
from notifications.domain.deliveries import PaymentAttempt

_ATTEMPT: Final[dict[str, Any]] = {
    "user_id": "0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01",
    "endpoint_id": "0197a1e0-1b7a-7c11-8d5e-3f4a5b6c7d10",
    "endpoint_host": "shop.example.com",
    "delivery_id": "0197a1e0-2c8b-7d22-9e6f-4a5b6c7d8e11",
    "webhook_id": "5f0c8a54-6f0e-5d0a-9f64-0b8f3f6d1c12",
    "type": "payment.paid",
    "sequence": 2,
    "number": 1,
    "at": "2026-01-31T12:00:05Z",
    "milliseconds": 41,
    "status_code": 503,
    "error": None,
}


class PaymentAttemptAnswer(Model):
    """An attempt to send an event of the payment to an endpoint."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ATTEMPT]})

    user_id: UUID = Field(description="The endpoint's owner: the payer or the payee.")
    endpoint_id: UUID
    endpoint_host: str = Field(description="The URL's host only; the rest may be secret.")
    delivery_id: UUID
    webhook_id: UUID
    type: str
    sequence: int = Field(description="The number of the payment's event: 1, 2, …")
    number: int = Field(description="The number of the delivery's attempt, from 1.")
    at: datetime
    milliseconds: int
    status_code: int | None = None
    error: str | None = Field(
        None, description="A stable code such as `timeout`, if there was no answer."
    )

    @classmethod
    def of(cls, attempt: PaymentAttempt) -> Self:
        """Show an attempt."""
        return cls(
            user_id=attempt.user_id,
            endpoint_id=attempt.endpoint_id,
            endpoint_host=urlsplit(attempt.url).hostname or "",
            delivery_id=attempt.delivery_id,
            webhook_id=attempt.webhook_id,
            type=attempt.type,
            sequence=attempt.sequence,
            number=attempt.number,
            at=attempt.at,
            milliseconds=attempt.milliseconds,
            status_code=attempt.status_code,
            error=attempt.error,
        )


class PaymentAttempts(Model):
    """The attempts at a payment's webhooks, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_ATTEMPT], "is_complete": True}]}
    )

    items: list[PaymentAttemptAnswer]
    is_complete: bool = Field(description="Whether all attempts are shown.")
