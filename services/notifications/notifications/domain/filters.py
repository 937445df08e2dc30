"""What lists are narrowed by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID


class TimeRange(NamedTuple):
    """A span of time: from ``begin`` on, before ``end``; None is an open end."""

    begin: datetime | None = None
    end: datetime | None = None


ALWAYS: Final = TimeRange()


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries are listed; None is any, and all that are given must fit."""

    owner_id: UUID | None = None
    endpoint_id: UUID | None = None
    payment_id: UUID | None = None
    status: str | None = None
    type: str | None = None
    span: TimeRange = ALWAYS
