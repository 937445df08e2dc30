"""Reads times as callers write them (RFC 3339), and ranges that may end with days.

Does not know what a time means to an operation, nor bounds it other than by the calendar.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from kit.span import Span
from kit.web.fields import refuse_field

DEFAULT_ZONE: Final = "UTC"

# RFC 3339 §5.6. A second's fraction may have any length; what is finer than a microsecond is cut.
# Digits are ASCII only. A leap second (§5.7) is the first second of the next minute, as in POSIX
# and PostgreSQL: no clock here counts it.
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,30}))?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What JSON Schema can say of a day or a time: not how long months are, nor when leap seconds come.
EDGE: Final = (
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "([Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\\.[0-9]{1,30})?"
    "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$"
)
_ZONE: Final = re.compile(r"[A-Z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}")
_LONGEST_ZONE: Final = 64
_LEAP: Final = (23, 59)
_SECOND: Final = timedelta(seconds=1)


def span(begin: datetime | date | None, end: datetime | date | None, zone: str) -> Span:
    """Return the span between two edges, in UTC.

    A day as `begin` is meant from its start on; as `end` it is included as a whole.
    """
    return Span(_start_of(begin, zone), _start_of(_after(end), zone))


def _after(end: datetime | date | None) -> datetime | date | None:
    if end is None or isinstance(end, datetime):
        return end
    return None if end == date.max else end + timedelta(days=1)


def _start_of(edge: datetime | date | None, zone: str) -> datetime | None:
    if edge is None or isinstance(edge, datetime):
        return edge
    try:
        # A midnight that a change of the clock skips is the moment of that change.
        return datetime.combine(edge, time.min, ZoneInfo(zone)).astimezone(UTC)
    except OverflowError:  # the first day of the calendar, or its last
        return datetime.min.replace(tzinfo=UTC) if edge.year == 1 else None


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value  # a default, or a value made by our own code
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse_field(
            "malformed",
            "Must be a time with its offset, such as 2026-01-31T12:00:00Z (RFC 3339).",
            "Должно быть время со смещением, например 2026-01-31T12:00:00Z (RFC 3339).",
        )
    day, clock, fraction, offset = found.groups()
    microseconds = (fraction or "").ljust(6, "0")[:6]
    is_leap = clock.endswith(":60")
    clock = f"{clock[:-2]}59" if is_leap else clock
    try:
        read = datetime.fromisoformat(f"{day}T{clock}.{microseconds}{offset.upper()}")
        moment = read.astimezone(UTC)
        after = moment + _SECOND if is_leap else moment
    except (ValueError, OverflowError):
        raise refuse_field(
            "malformed",
            "There is no such time in the calendar.",
            "Такого времени в календаре нет.",
        ) from None
    if is_leap and ((moment.hour, moment.minute) != _LEAP or after.day != 1):
        raise refuse_field(
            "malformed",
            "A leap second comes at 23:59:60 UTC, at the end of a month alone.",
            "Секунда координации бывает только в 23:59:60 UTC в конце месяца.",
        )
    return after


def _edge(value: Any) -> datetime | date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise refuse_field(
                "malformed",
                "There is no such day in the calendar.",
                "Такого дня в календаре нет.",
            ) from None
    if isinstance(value, str) and not _MOMENT.fullmatch(value):
        raise refuse_field(
            "malformed",
            "Must be a day such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z.",
            "Должен быть день, например 2026-01-31, или время, например 2026-01-31T12:00:00Z.",
        )
    return value if type(value) is date else _moment(value)


def _calendar_day(value: Any) -> date:
    if type(value) is date:
        return value  # a default, or a value made by our own code
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise refuse_field(
            "malformed",
            "Must be a day such as 2026-01-31.",
            "Должен быть день, например 2026-01-31.",
        )
    return _edge(value)


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder; no zone's file; no such name
        return False
    return True


def _zone(name: str) -> str:
    if len(name) > _LONGEST_ZONE or not _ZONE.fullmatch(name) or not _is_zone(name):
        raise refuse_field(
            "zone_unknown",
            "Must be an IANA time zone, such as Europe/Moscow.",
            "Должен быть часовой пояс IANA, например Europe/Moscow.",
        )
    return name


Moment = Annotated[
    datetime,
    BeforeValidator(_moment, json_schema_input_type=datetime),
    Field(examples=["2026-01-31T12:00:00Z"]),
]
CalendarDay = Annotated[
    date,
    BeforeValidator(_calendar_day, json_schema_input_type=date),
    Field(examples=["2026-01-31"]),
]
RangeEdge = Annotated[
    datetime | date,
    BeforeValidator(_edge),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": EDGE,
            "description": "A time with its offset (RFC 3339), or a day, in the zone of `tz`.",
            "examples": ["2026-01-31", "2026-01-31T12:00:00Z"],
        }
    ),
]
Zone = Annotated[
    str,
    AfterValidator(_zone),
    Field(
        description="IANA time zone that plain days are meant in.",
        max_length=_LONGEST_ZONE,
        json_schema_extra={"pattern": f"^{_ZONE.pattern}$"},
        examples=["Europe/Moscow"],
    ),
]
