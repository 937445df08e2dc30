"""Defines the records of webhooks: message, delivery to an endpoint, attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.domain.attempts import AttemptResult, Next


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """A message to one user about one event; `body` is sent unchanged every time.

    Attributes: id: also the `webhook-id`, the same for every endpoint, attempt and replay.
    sequence: gapless, for the payment or the account; None for tests. payment_id: the payment that
    the event is about; None if it is about something else.
    """

    id: UUID
    user_id: UUID
    type: str
    sequence: int | None
    body: bytes
    occurred_at: datetime
    payment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to store.

    If the endpoint is off or full (not `is_active`), it is only kept for a replay.
    """

    id: UUID
    endpoint_id: UUID
    message_id: UUID
    is_active: bool


@dataclass(frozen=True, slots=True)
class Room:
    """Limits deliveries under way, by endpoint, owner and in total."""

    endpoint: int
    owner: int
    all: int


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery that a worker has leased, with all that is needed to send it."""

    delivery_id: UUID
    endpoint_id: UUID
    message_id: UUID
    url: str
    secret: bytes
    old_secret: bytes | None
    body: bytes
    tries: int
    attempts: int
    had_failures: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at a delivery; `answer` is the start of the receiver's answer."""

    at: datetime
    milliseconds: int
    reply: AttemptResult
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryEnd:
    """A leased delivery after its attempt, with its next state."""

    job: Job
    attempt: Attempt
    next: Next


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """A stored delivery with the log of its attempts, oldest first."""

    id: UUID
    endpoint_id: UUID
    owner_id: UUID
    payment_id: UUID | None
    message_id: UUID
    type: str
    sequence: int | None
    body: bytes
    status: str
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None
    attempts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PaymentAttempt:
    """An attempt to deliver one event of a payment to one endpoint."""

    user_id: UUID
    endpoint_id: UUID
    url: str
    delivery_id: UUID
    webhook_id: UUID
    type: str
    sequence: int
    number: int
    at: datetime
    milliseconds: int
    status_code: int | None
    error: str | None
