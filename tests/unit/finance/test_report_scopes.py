"""What a report is of: its days, the edges that were left out, and the period before."""

from datetime import UTC, date, datetime

import pytest

from finance.domain.dates.calendar import Days
from finance.domain.dates.periods import BookPeriod
from finance.domain.reports.scopes import ReportScope, with_edges
from finance.refusals import DateOutOfRange
from kit.ids import new_id

Edge = date | datetime
NOBODY = new_id()


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scope(begin: Edge, end: Edge, zone: str = "UTC") -> ReportScope:
    return ReportScope(NOBODY, BookPeriod(begin, end, zone, "UTC"))


@pytest.mark.parametrize(
    ("begin", "end", "zone", "days"),
    [
        (day("2026-11-01"), day("2026-11-30"), "UTC", ("2026-11-01", "2026-11-30")),
        (at("2026-11-01T00:00:00"), at("2026-11-02T00:00:00"), "UTC", ("2026-11-01",) * 2),
        (at("2026-11-01T00:00:00"), at("2026-11-02T00:00:01"), "UTC", ("2026-11-01", "2026-11-02")),
        (
            at("2026-11-01T21:30:00"),
            at("2026-11-01T21:40:00"),
            "Europe/Moscow",
            ("2026-11-02",) * 2,
        ),
        (at("2026-11-01T21:30:00"), day("2026-11-03"), "UTC", ("2026-11-01", "2026-11-03")),
    ],
)
def test_a_scope_has_the_days_that_its_period_has_a_part_of(
    begin: Edge, end: Edge, zone: str, days: tuple[str, str]
) -> None:
    assert scope(begin, end, zone).days == Days(*map(day, days))


@pytest.mark.parametrize(
    ("begin", "end", "zone", "before"),
    [
        (day("2026-11-01"), day("2026-11-30"), "UTC", (day("2026-10-01"), day("2026-10-31"))),
        (day("2026-11-02"), day("2026-11-03"), "UTC", (day("2026-10-31"), day("2026-11-01"))),
        (
            at("2026-11-01T12:00:00"),
            at("2026-11-01T18:00:00"),
            "UTC",
            (at("2026-11-01T06:00:00"), at("2026-11-01T12:00:00")),
        ),
        (  # the day of 25 hours, as hours: a moment is among its edges
            day("2026-10-25"),
            at("2026-10-25T23:00:00"),
            "Europe/Berlin",
            (at("2026-10-23T21:00:00"), at("2026-10-24T22:00:00")),
        ),
        (
            at("2026-11-01T00:00:00"),
            day("2026-11-01"),
            "UTC",
            (at("2026-10-31T00:00:00"), at("2026-11-01T00:00:00")),
        ),
    ],
)
def test_the_period_before_is_as_long_and_ends_where_this_one_begins(
    begin: Edge, end: Edge, zone: str, before: tuple[Edge, Edge]
) -> None:
    period = scope(begin, end, zone).before.period
    assert (period.begin, period.end) == before


@pytest.mark.parametrize(
    ("begin", "end", "meant"),
    [
        (None, None, ("2026-11-01", "2026-11-30")),
        (day("2024-02-10"), None, ("2024-02-10", "2026-11-30")),
        (day("2027-02-10"), None, ("2027-02-10", "2027-02-28")),
        (None, day("2024-02-10"), ("2024-02-01", "2024-02-10")),
    ],
)
def test_edges_that_are_left_out_are_those_of_months(
    begin: Edge | None, end: Edge | None, meant: tuple[str, str]
) -> None:
    period = with_edges(BookPeriod(begin, end, "UTC", "UTC"), day("2026-11-15"))
    assert (period.begin, period.end) == tuple(map(day, meant))


def test_a_moment_stays_the_edge_that_it_is() -> None:
    moment = at("2024-02-10T12:00:00")
    period = with_edges(BookPeriod(None, moment, "UTC", "UTC"), day("2026-11-15"))
    assert (period.begin, period.end) == (day("2024-02-01"), moment)


@pytest.mark.parametrize(
    ("begin", "end", "zone", "meant"),
    [  # in each zone the moment's month is another one than in UTC, or than that which it ends
        (None, at("2026-12-01T00:00:00"), "UTC", (day("2026-11-01"), None)),
        (None, at("2026-12-01T02:00:00"), "America/New_York", (day("2026-11-01"), None)),
        (None, at("2026-11-30T20:00:00"), "Asia/Tokyo", (day("2026-12-01"), None)),
        (at("2026-12-31T22:00:00"), None, "Europe/Moscow", (None, day("2027-01-31"))),
    ],
)
def test_a_month_is_that_of_a_moment_in_the_zone(
    begin: Edge | None, end: Edge | None, zone: str, meant: tuple[Edge | None, Edge | None]
) -> None:
    period = with_edges(BookPeriod(begin, end, zone, "UTC"), day("2026-11-15"))
    assert (period.begin, period.end) == (meant[0] or begin, meant[1] or end)


@pytest.mark.parametrize(
    ("begin", "end", "field"),
    [
        (day("1899-12-31"), None, "query/from"),
        (None, day("3000-01-01"), "query/to"),
        (at("3000-01-01T00:00:00"), None, "query/from"),
    ],
)
def test_what_lies_beyond_the_calendar_is_refused(
    begin: Edge | None, end: Edge | None, field: str
) -> None:
    with pytest.raises(DateOutOfRange) as refused:
        with_edges(BookPeriod(begin, end, "UTC", "UTC"), day("2026-11-15"))
    assert refused.value.errors[0].pointer == f"/{field}"
