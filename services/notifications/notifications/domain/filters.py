"""Defines the filters of lists."""

from dataclasses import dataclass
from uuid import UUID

from kit.span import ALWAYS, Span


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """A filter of deliveries; None does not narrow, and all given fields must match."""

    owner_id: UUID | None = None
    endpoint_id: UUID | None = None
    payment_id: UUID | None = None
    status: str | None = None
    type: str | None = None
    span: Span = ALWAYS
