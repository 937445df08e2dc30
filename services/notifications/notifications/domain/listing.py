"""What lists are narrowed by."""

from dataclasses import dataclass
from uuid import UUID

from kit.span import ALWAYS, Span


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are listed; None is any, and all that are given must fit."""

    owner_id: UUID | None = None
    endpoint_id: UUID | None = None
    payment_id: UUID | None = None
    status: str | None = None
    type: str | None = None
    span: Span = ALWAYS
