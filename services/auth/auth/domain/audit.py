"""Defines the record of an administrator's act, kept for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A record of the audit log; the fields are the table's columns, in order.

    Attributes: service: The service that has the operation. action: The operation's id. subject_id:
    What the act was about; None for a list. owner_id: Who owns that; None if nobody does, or
    everybody. owner_ids: All who own it, `owner_id` first. address: Where the request came from.
    """

    id: UUID
    at: datetime
    actor_id: UUID
    service: str
    action: str
    subject_kind: str
    subject_id: str | None
    owner_id: UUID | None
    request_id: str | None
    address: str
    owner_ids: Sequence[UUID]
