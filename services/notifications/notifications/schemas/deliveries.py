"""Shapes webhook deliveries' requests and answers; the domain has the rules."""

from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import UUID

import orjson
from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from kit.span import PeriodInvalid, Span
from kit.web.schemas import Model
from kit.web.times import DEFAULT_ZONE, RangeEdge, Zone, span
from notifications.domain.attempts import DeliveryStatus
from notifications.domain.deliveries import WebhookDelivery

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_DELIVERY: Final[dict[str, Any]] = {
    "id": "0197a1e0-2c8b-7d22-9e6f-4a5b6c7d8e11",
    "endpoint_id": "0197a1e0-1b7a-7c11-8d5e-3f4a5b6c7d10",
    "owner_id": "0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01",
    "payment_id": "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    "webhook_id": "5f0c8a54-6f0e-5d0a-9f64-0b8f3f6d1c12",
    "type": "payment.paid",
    "sequence": 2,
    "status": "delivered",
    "created_at": "2026-01-31T12:00:05Z",
    "next_attempt_at": None,
    "delivered_at": "2026-01-31T12:00:10Z",
    "payload": {
        "type": "payment.paid",
        "timestamp": "2026-01-31T12:00:05Z",
        "data": {"payment_id": "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03", "sequence": 2},
    },
    "attempts": [
        {
            "number": 1,
            "at": "2026-01-31T12:00:05Z",
            "status_code": 503,
            "milliseconds": 41,
            "answer": "busy",
            "error": None,
        },
        {
            "number": 2,
            "at": "2026-01-31T12:00:10Z",
            "status_code": 204,
            "milliseconds": 12,
            "answer": None,
            "error": None,
        },
    ],
}


class SpanRequest(Model):
    """A span of time: `from` is included, `to` is not."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "examples": [{"from": "2026-01-31T00:00:00Z", "to": "2026-02-01T00:00:00Z"}]
        },
    )

    from_: RangeEdge = Field(alias="from", description="The first moment, or the first day.")
    to: RangeEdge = Field(description="The first moment after the span, or its last day.")
    tz: Zone = DEFAULT_ZONE

    _times: tuple[datetime, datetime] = PrivateAttr()

    @property
    def times(self) -> tuple[datetime, datetime]:
        """The first moment of the span, and the first one after it."""
        return self._times

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        begin, end = span(self.from_, self.to, self.tz)
        self._times = begin or _FIRST, end or _LAST
        if not Span(*self._times).is_forwards:
            raise PeriodInvalid("/to")
        return self


class ReplayAnswer(Model):
    """The number of deliveries that will be sent again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"replayed": 17}]})

    replayed: int


class AttemptAnswer(Model):
    """An attempt: the receiver's answer, or what went wrong."""

    number: int
    at: datetime
    status_code: int | None = None
    milliseconds: int
    answer: str | None = Field(None, description="The answer's first 1,024 bytes.")
    error: str | None = Field(
        None, description="A stable code such as `timeout`, if there was no answer."
    )


class DeliveryAnswer(Model):
    """The delivery of an event to an endpoint, with every attempt."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DELIVERY]})

    id: UUID
    endpoint_id: UUID
    owner_id: UUID
    payment_id: UUID | None = Field(None, description="Null if the event is not about a payment.")
    webhook_id: UUID = Field(description="The `webhook-id` that the receiver gets.")
    type: str
    sequence: int | None = Field(
        None, description="Gapless, for the payment or the account; null for a test."
    )
    status: DeliveryStatus = Field(
        description="`skipped`: the endpoint was off or full; a replay sends it."
    )
    created_at: datetime
    next_attempt_at: datetime | None = None
    delivered_at: datetime | None = None
    payload: dict[str, Any] = Field(description="The JSON that is sent.")
    attempts: list[AttemptAnswer]

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> Self:
        """Show a delivery."""
        return cls(
            id=delivery.id,
            endpoint_id=delivery.endpoint_id,
            owner_id=delivery.owner_id,
            payment_id=delivery.payment_id,
            webhook_id=delivery.message_id,
            type=delivery.type,
            sequence=delivery.sequence,
            status=DeliveryStatus(delivery.status),
            created_at=delivery.created_at,
            next_attempt_at=delivery.next_at,
            delivered_at=delivery.delivered_at,
            payload=orjson.loads(delivery.body),
            attempts=[AttemptAnswer.model_validate(one) for one in delivery.attempts],
        )
