"""kit.web.times: RFC 3339 or refused, and days where a range is asked for."""

import re
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from kit.web.faults import faults_of
from kit.web.schemas import Model
from kit.web.times import EDGE, CalendarDay, Moment, RangeEdge, Zone, span

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Asked(Model):
    at: Moment | None = None
    edge: RangeEdge | None = None
    tz: Zone = "UTC"


def read(name: str, value: Any, *, is_body: bool) -> Any:
    """Read a value as bodies are read, or as queries are."""
    if is_body:
        asked = Asked.model_validate_json(orjson.dumps({name: value}), strict=True)
    else:
        asked = Asked.model_validate({name: value})
    return getattr(asked, name)


def codes(refused: pytest.ExceptionInfo[ValidationError], name: str) -> set[str]:
    faults = faults_of(refused.value)
    assert {fault.pointer for fault in faults} == {f"/{name}"}
    assert all(fault.detail_en and fault.detail_ru for fault in faults)
    return {fault.code for fault in faults}


@pytest.mark.parametrize("is_body", [True, False])
@pytest.mark.parametrize("name", ["at", "edge"])
@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00.000000000Z",
        "2026-01-31T15:00:00+03:00",
        "2026-01-31T00:30:00-11:30",
        "2026-01-31T12:00:00-00:00",
    ],
)
def test_a_time_of_rfc_3339_is_read_in_utc(text: str, name: str, *, is_body: bool) -> None:
    moment = read(name, text, is_body=is_body)

    assert moment == NOON
    assert moment.tzinfo is UTC


def test_fractions_of_a_second_are_kept_to_the_microsecond() -> None:
    assert read("at", "2026-01-31T12:00:00.5Z", is_body=True).microsecond == 500_000
    assert read("at", "2026-01-31T12:00:00.1234567Z", is_body=True).microsecond == 123_456


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("1990-12-31T15:59:60-08:00", datetime(1991, 1, 1, tzinfo=UTC)),  # RFC 3339 §5.8
        ("2015-07-01T02:59:60.25+03:00", datetime(2015, 7, 1, 0, 0, 0, 250_000, UTC)),
        ("2026-01-31T23:59:60Z", datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("name", ["at", "edge"])
def test_a_leap_second_is_the_first_of_the_next_minute(
    text: str, expected: datetime, name: str
) -> None:
    assert read(name, text, is_body=True) == expected


@pytest.mark.parametrize(
    "text", ["2026-01-30T23:59:60Z", "2026-01-31T12:00:60Z", "2026-01-31T23:59:60+03:00"]
)
def test_what_can_be_no_leap_second_is_refused_with_when_one_comes(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read("at", text, is_body=True)
    (fault,) = faults_of(refused.value)
    assert fault.code == "malformed"
    assert "23:59:60 UTC" in fault.detail_en


NO_TIMES: list[Any] = [
    "20261101",
    "1795990000",
    "1795990000.5",
    "0",
    "-1",
    "1.5",
    "1e9",
    "",
    "now",
    "2026-01-31T12:00:00",  # where?
    "2026-01-31T12:00Z",
    "2026-01-31T12Z",
    "2026-01-31 12:00:00Z",
    "2026-01-31T12:00:00 03:00",  # a plus that was not written as %2B
    "2026-01-31T12:00:00,5Z",
    "2026-01-31T12:00:00.Z",
    "2026-01-31T12:00:00+0300",
    "2026-01-31T12:00:00+03",
    "2026-01-31T12:00:00+24:00",
    "2026-01-31T12:00:00UTC",
    "20260131T120000Z",
    "2026-W05-6",
    "2026-031",
    "26-01-31",
    "2026-1-31",
    "2026/01/31",
    " 2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00Z\n",
    "٢٠٢٦-٠١-٣١T12:00:00Z",
    # in the right form, but in no calendar
    "2026-02-29T12:00:00Z",
    "2026-13-01T12:00:00Z",
    "2026-01-31T24:00:00Z",
    "2026-01-31T12:60:00Z",
    "2026-01-31T23:59:61Z",
    "2026-01-31T12:60:60Z",
    "9999-12-31T23:59:60Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-02-30",
]


@pytest.mark.parametrize("is_body", [True, False])
@pytest.mark.parametrize("name", ["at", "edge"])
@pytest.mark.parametrize("text", NO_TIMES)
def test_anything_else_is_refused(text: str, name: str, *, is_body: bool) -> None:
    with pytest.raises(ValidationError) as refused:
        read(name, text, is_body=is_body)

    assert codes(refused, name) == {"malformed"}


@pytest.mark.parametrize("name", ["at", "edge"])
@pytest.mark.parametrize("value", [1795990000, 1795990000.5, 0, True, ["2026-01-31"], {}])
def test_a_body_can_not_give_a_number_for_a_time(name: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        read(name, value, is_body=True)

    assert codes(refused, name) == {"malformed"}


def test_a_day_is_for_ranges_alone() -> None:
    assert read("edge", "2026-01-31", is_body=False) == date(2026, 1, 31)
    assert read("edge", "2026-01-31", is_body=True) == date(2026, 1, 31)
    with pytest.raises(ValidationError):
        read("at", "2026-01-31", is_body=True)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Moscow", "America/Argentina/Ushuaia", "Etc/GMT+3"])
def test_a_zone_of_iana_is_known(zone: str) -> None:
    assert read("tz", zone, is_body=False) == zone


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Mars/Base",
        "Europe",
        "europe/moscow",
        "../UTC",
        "/etc/passwd",
        "UTC\0",
        "+03:00",
        "X" * 99,
    ],
)
def test_another_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read("tz", zone, is_body=False)

    assert codes(refused, "tz") <= {"zone_unknown", "too_long"}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("zone", "begin", "end"),
    [
        ("UTC", utc(2026, 11, 1), utc(2026, 12, 1)),
        ("Europe/Moscow", utc(2026, 10, 31, 21), utc(2026, 11, 30, 21)),
        # clocks go back on the first of November
        ("America/New_York", utc(2026, 11, 1, 4), utc(2026, 12, 1, 5)),
    ],
)
def test_days_are_whole_days_of_the_zone(zone: str, begin: datetime, end: datetime) -> None:
    assert span(date(2026, 11, 1), date(2026, 11, 30), zone) == (begin, end)


def test_a_midnight_that_the_clock_skips_is_where_it_skips() -> None:
    # In Cairo the 24th of April 2026 begins at one o'clock.
    day = date(2026, 4, 24)
    assert span(day, day, "Africa/Cairo") == (utc(2026, 4, 23, 22), utc(2026, 4, 24, 21))


def test_a_midnight_that_comes_twice_is_the_first() -> None:
    # In Havana one o'clock of the 1st of November 2026 is followed by midnight.
    day = date(2026, 11, 1)
    assert span(day, day, "America/Havana") == (utc(2026, 11, 1, 4), utc(2026, 11, 2, 5))


def test_times_are_taken_as_they_are_and_what_is_left_out_is_open() -> None:
    assert span(NOON, NOON, "Europe/Moscow") == (NOON, NOON)
    assert span(None, None, "UTC") == (None, None)


def test_the_ends_of_the_calendar_are_open() -> None:
    begin, end = span(date.min, date.max, "Asia/Tokyo")
    assert begin == datetime.min.replace(tzinfo=UTC)
    assert end is None


def test_a_day_at_the_end_of_the_calendar_is_open_where_its_zone_leads_beyond_it() -> None:
    assert span(date.min, date.min, "Asia/Tokyo").begin == datetime.min.replace(tzinfo=UTC)
    assert span(None, date.max, "UTC").end is None
    assert span(date.max, None, "America/New_York").begin is not None


def test_a_moment_that_is_made_within_is_taken_as_it_is_where_it_has_a_zone() -> None:
    assert Asked(at=NOON).at is NOON
    with pytest.raises(ValidationError):
        Asked(at=NOON.replace(tzinfo=None))


class _Planned(Model):
    day: CalendarDay


def test_a_calendar_day_is_a_day_and_nothing_else() -> None:
    assert _Planned.model_validate({"day": "2024-02-29"}).day == date(2024, 2, 29)
    assert _Planned(day=date(2024, 2, 29)).day == date(2024, 2, 29)
    for wrong in ("2023-02-29", "2026-01-31T12:00:00Z", "31.01.2026", "", 20260131, None):
        with pytest.raises(ValidationError):
            _Planned.model_validate({"day": wrong})


@pytest.mark.parametrize(
    "text", ["2026-01-31", "2026-01-31T12:00:00.5+03:00", "2016-12-31t23:59:60z"]
)
def test_documents_say_how_days_and_times_are_spelt(text: str) -> None:
    assert re.fullmatch(EDGE, text)


@pytest.mark.parametrize(
    "text", ["2026-1-31", "2026-13-01", "2026-01-32", "2026-01-31T12:00:00", "now"]
)
def test_documents_say_what_is_no_day_and_no_time(text: str) -> None:
    assert not re.fullmatch(EDGE, text)
