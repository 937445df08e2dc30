"""How the lists are asked for: their filters, and what a range of time means."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from kit.web.fields import refuse_field
from kit.web.pagination import DEFAULT_LIMIT, MAX_LIMIT
from kit.web.schemas import Model
from notifications.domain.attempts import Status
from notifications.domain.listing import Span, Wanted

# RFC 3339, or a day; what pydantic reads besides, such as seconds since 1970, is refused.
_DAY: Final = r"\d{4}-\d\d-\d\d"
_DAY_LENGTH: Final = 10
_TIME: Final = r"\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"
_WRITTEN: Final = re.compile(rf"{_DAY}(T{_TIME})?", re.ASCII | re.IGNORECASE)
_SCHEMA: Final = {"type": "string", "examples": ["2026-01-31T12:00:00Z", "2026-01-31"]}


def _as_written(value: Any) -> Any:
    """Read a time or a day as it is written; what is one already is left as it is."""
    if isinstance(value, date):
        return value
    with suppress(ValueError):
        if isinstance(value, str) and _WRITTEN.fullmatch(value):
            is_day = len(value) == _DAY_LENGTH
            return (date if is_day else datetime).fromisoformat(value.upper())
    raise refuse_field(
        "malformed",
        "Write a time as 2026-01-31T12:00:00Z, or a day as 2026-01-31.",
        "Запишите время как 2026-01-31T12:00:00Z или день как 2026-01-31.",
    )


def _in_utc(value: datetime) -> datetime:
    """Refuse times that no UTC time is equal to, at both ends of the calendar."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise refuse_field("malformed", "Out of the calendar.", "За пределами календаря.") from None


def _start(value: datetime | date) -> datetime:
    whole = value if isinstance(value, datetime) else datetime.combine(value, time.min, UTC)
    return _in_utc(whole)


def _end(value: datetime | date) -> datetime:
    if isinstance(value, datetime):
        return _in_utc(value)
    if value == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(value + timedelta(days=1), time.min, UTC)


From = Annotated[
    AwareDatetime | date,
    BeforeValidator(_as_written),
    AfterValidator(_start),
    WithJsonSchema(_SCHEMA),
]
To = Annotated[
    AwareDatetime | date,
    BeforeValidator(_as_written),
    AfterValidator(_end),
    WithJsonSchema(_SCHEMA),
]


class PageQuery(Model):
    """Which page of a list, and how long."""

    model_config = ConfigDict(populate_by_name=True)

    limit: int = Field(
        DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many entries a page has at most."
    )
    cursor: str | None = Field(
        None, max_length=200, description="`next_cursor` of the page before."
    )

    @property
    def filters(self) -> Mapping[str, object]:
        """What a cursor is bound to."""
        return self.model_dump(mode="json", exclude={"limit", "cursor"})


class SpanQuery(PageQuery):
    """A page of what came in a span of time."""

    begin: From | None = Field(
        None, alias="from", description="Then or later; a day is its start, UTC."
    )
    end: To | None = Field(
        None, alias="to", description="Before then; a day is included as a whole, UTC."
    )

    @property
    def span(self) -> Span:
        """The span; None at an open end."""
        return Span._make((self.begin, self.end))  # the validators give times


class NoticesQuery(SpanQuery):
    """How one's notices are listed."""

    unread: bool | None = Field(
        None, description="Only unread (`true`) or read (`false`) ones; both if left out."
    )


class MutesQuery(PageQuery):
    """How muted addresses are listed."""

    owner_id: UUID | None = Field(None, description="Only this person's.")


class EndpointsQuery(PageQuery):
    """How webhook endpoints are listed."""

    owner_id: UUID | None = Field(
        None, description="Whose; others than oneself for administrators only."
    )


class EndpointDeliveriesQuery(SpanQuery):
    """How deliveries to one endpoint are listed."""

    status: Status | None = Field(None, description="Only those that stand so.")
    type: str | None = Field(
        None, max_length=100, description="Only of this type of event.", examples=["payment.paid"]
    )
    payment_id: UUID | None = Field(None, description="Only what tells of this payment.")

    @property
    def wanted(self) -> Wanted:
        """What the list is narrowed by, but for whose it is."""
        return Wanted(
            status=self.status, type=self.type, payment_id=self.payment_id, span=self.span
        )


class DeliveriesQuery(EndpointDeliveriesQuery):
    """How deliveries to all endpoints are listed."""

    owner_id: UUID | None = Field(
        None, description="Whose; others than oneself for administrators only."
    )
    endpoint_id: UUID | None = Field(None, description="Only to this endpoint.")
