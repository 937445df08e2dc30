"""What the list of administrators' acts takes and answers, with examples."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, WithJsonSchema

from kit.web.fields import refuse_field
from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT
from kit.web.schemas import Model

_USER_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"
_TIME_SCHEMA = {"type": "string", "examples": ["2026-01-31T12:00:00Z", "2026-01-31"]}
_OF_PAGES: Final = {"limit", "cursor"}


def _in_utc(value: datetime | date) -> datetime | date:
    """Refuse times that no UTC time is equal to, at both ends of the calendar."""
    if not isinstance(value, datetime):
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise refuse_field("malformed", "Out of the calendar.", "За пределами календаря.") from None


Moment = Annotated[AwareDatetime | date, AfterValidator(_in_utc), WithJsonSchema(_TIME_SCHEMA)]


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
    begin: Moment | None = Field(
        None, alias="from", description="Then or later; a day is its start, UTC."
    )
    end: Moment | None = Field(
        None, alias="to", description="Before then; a day is included as a whole, UTC."
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="Entries of a page at most.")
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> dict[str, Any]:
        """What is asked for, by the names of `AuditFilter`."""
        given = self.model_dump(exclude=_OF_PAGES)
        return {**given, "begin": _start(self.begin), "end": _end(self.end)}


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


def _start(moment: datetime | date | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time.min, UTC)


def _end(moment: datetime | date | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    if moment == date.max:
        return None
    return datetime.combine(moment + timedelta(days=1), time.min, UTC)
