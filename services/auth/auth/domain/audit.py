"""An act of an administrator as it is kept, for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did or saw what, where; the fields are those of the table, in its order.

    Attributes:
        service: Whose operation it was.
        action: The operation's id.
        subject_id: What it was about; None for a list.
        owner_id: Whose that is; None where it is nobody's, or everybody's.
        owner_ids: All whose that is, `owner_id` first.
        address: Where the request came from.
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
