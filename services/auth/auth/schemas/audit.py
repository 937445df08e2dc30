"""What the list of administrators' acts takes and answers, with examples."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT
from kit.web.schemas import Model
from kit.web.times import DEFAULT_ZONE, RangeEdge, Zone, span

_USER_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"
_OF_PAGES: Final = {"limit", "cursor", "tz"}


class AuditQuery(Model):
    """Filters and page of the list; all that are given must fit."""

    actor: UUID | None = Field(None, description="Who did it.")
    subject: str | None = Field(
        None, max_length=128, description="Id of what it was about, or of whose it is."
    )
    owner_id: UUID | None = Field(None, description="Whose it was about.")
    action: str | None = Field(
        None, max_length=128, description="Id of the operation.", examples=["get_user"]
    )
    service: str | None = Field(
        None, max_length=64, description="Whose operation.", examples=["wallet"]
    )
    begin: RangeEdge | None = Field(
        None, alias="from", description="Then or later; a day is its start."
    )
    end: RangeEdge | None = Field(
        None, alias="to", description="Before then; a day is included as a whole."
    )
    tz: Zone = DEFAULT_ZONE
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Entries of a page at most.")
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> dict[str, Any]:
        """What is asked for, by the names of `AuditFilter`."""
        asked = span(self.begin, self.end, self.tz)
        return {**self.model_dump(exclude=_OF_PAGES), "begin": asked.begin, "end": asked.end}


class AuditEntry(Model):
    """What an administrator did or saw."""

    id: UUID = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c42"])
    at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    actor_id: UUID = Field(description="Who.", examples=[_USER_ID])
    service: str = Field(description="Where.", examples=["auth"])
    action: str = Field(description="Id of the operation.", examples=["get_user"])
    subject_kind: str = Field(description="What it was about.", examples=["user"])
    subject_id: str | None = Field(description="Which one; null for a list.", examples=[_USER_ID])
    owner_id: UUID | None = Field(
        description="Whose it is; null where it is nobody's, or everybody's.", examples=[_USER_ID]
    )
    request_id: str | None = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c43"])
    address: str = Field(description="Where the request came from.", examples=["203.0.113.7"])
