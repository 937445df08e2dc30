"""What is sent to whom: the message, its delivery to one endpoint, and each attempt at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.domain.attempts import AttemptResult, Next


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """What one user is told about one event; ``body`` is sent as it is, however often.

    Attributes:
        id: also the ``webhook-id``, the same at every endpoint, attempt and replay.
        sequence: gapless, of the payment or of the account; None on tests.
        payment_id: the payment whose event it tells; None where it tells something else.
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
    """A message to an endpoint; to one that is off, or full, it is only kept for a replay."""

    id: UUID
    endpoint_id: UUID
    message_id: UUID
    is_active: bool


@dataclass(frozen=True, slots=True)
class Room:
    """How many deliveries may be on their way: to one endpoint, one owner's, and all of them."""

    endpoint: int
    owner: int
    all: int


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery that a worker has leased, with all that sending it takes."""

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
    """What happened at one attempt; ``answer`` is the beginning of what the receiver said."""

    at: datetime
    milliseconds: int
    reply: AttemptResult
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryEnd:
    """A leased delivery after its attempt, and how it goes on."""

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
    """One attempt to tell one endpoint of one event of a payment."""

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
