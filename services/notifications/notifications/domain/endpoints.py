"""Decides about webhook endpoints: their events, their limits, when they go off."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from notifications.domain.attempts import FAILURES_IN_A_ROW, Streak, pause_after

MOST_ENDPOINTS: Final = 20
MOST_REPLAYED: Final = 10_000
MOST_WAITING: Final = 10_000  # deliveries to one endpoint; further ones are skipped
MOST_MESSAGES: Final = 100_000  # kept for one person, whatever the retention
MOST_DELETED: Final = 100  # deleted endpoints of one person whose log is kept
MOST_ATTEMPTS: Final = 50  # the last ones, kept for one delivery


class EventType(StrEnum):
    """The types of events that an endpoint can choose."""

    PAYMENT_CREATED = "payment.created"
    PAYMENT_PAID = "payment.paid"
    PAYMENT_FAILED = "payment.failed"
    PAYMENT_CANCELLED = "payment.cancelled"
    PAYMENT_REFUNDED = "payment.refunded"
    PAYMENT_REFUND_FAILED = "payment.refund_failed"
    PAYMENT_DISPUTED = "payment.disputed"
    PAYMENT_DISPUTE_CLOSED = "payment.dispute_closed"
    FUNDS_MOVED = "wallet.funds_moved"


TEST_TYPE: Final = "webhook.test"


class OffReason(StrEnum):
    """Why an endpoint is off: its owner, a 410, or too many failures in a row."""

    OWNER = "owner"
    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address for a user's events; `event_types` None means all."""

    id: UUID
    user_id: UUID
    url: str
    description: str | None
    event_types: tuple[str, ...] | None
    is_active: bool
    off_reason: OffReason | None
    off_at: datetime | None
    old_secret_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """The values that an owner gives for a new endpoint."""

    url: str
    description: str | None
    event_types: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class EndpointSubscription:
    """The events that an endpoint gets; `is_full` if as many wait as may."""

    endpoint_id: UUID
    user_id: UUID
    event_types: tuple[str, ...] | None
    is_active: bool
    is_full: bool = False

    def wants(self, event_type: str) -> bool:
        """Tell whether the endpoint gets this type of event."""
        return self.event_types is None or event_type in self.event_types


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """The health of an endpoint: failures in a row, and the end of its pause."""

    endpoint_id: UUID
    user_id: UUID
    url: str
    failures: int = 0
    resume_at: datetime | None = None
    off_reason: OffReason | None = None


def decide_health(before: EndpointHealth, streak: Streak, now: datetime) -> EndpointHealth:
    """Return an active endpoint's health after a batch: on, slowed down, or off."""
    failures = streak.failures if streak.is_fresh else before.failures + streak.failures
    off: OffReason | None = None
    if streak.is_gone:
        off = OffReason.GONE
    elif failures >= FAILURES_IN_A_ROW:
        off = OffReason.FAILING
    resume_at = now + pause_after(failures, streak.patience) if failures else None
    return replace(before, failures=failures, resume_at=resume_at, off_reason=off)
