"""Which days a period has, and what a date that is given means."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from finance.domain.dates.days import Dating
from finance.domain.dates.periods import BookPeriod
from finance.refusals import DateOutOfRange

DAY, MOMENT = date(2026, 1, 31), datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begin", "end", "zone", "is_plain"),
    [
        (None, None, "Europe/Moscow", True),
        (DAY, DAY, "Europe/Moscow", True),
        (DAY, DAY, "UTC", False),
        (MOMENT, None, "Europe/Moscow", False),
        (None, MOMENT, "Europe/Moscow", False),
    ],
)
def test_days_in_the_books_zone_are_read_as_they_are_stored(
    begin: Any,
    end: Any,
    zone: str,
    is_plain: bool,  # noqa: FBT001
) -> None:
    assert BookPeriod(begin, end, zone, "Europe/Moscow").is_plain is is_plain


def test_the_coarse_days_are_two_wider_where_others_are_meant() -> None:
    plain = BookPeriod(DAY, DAY, "UTC", "UTC")
    assert (plain.first_day, plain.last_day) == (DAY, DAY)
    wide = BookPeriod(MOMENT, DAY, "UTC", "UTC")
    assert (wide.first_day, wide.last_day) == (date(2026, 1, 29), date(2026, 2, 2))
    open_ = BookPeriod(None, None, "UTC", "Asia/Tokyo")
    assert (open_.first_day, open_.last_day) == (None, None)
    edges = BookPeriod(date.min, date.max, "UTC", "Asia/Tokyo")
    assert (edges.first_day, edges.last_day) == (date(1899, 12, 30), date(3000, 1, 2))


@pytest.mark.parametrize(
    ("given", "zone", "day", "at"),
    [
        (None, "UTC", "2026-01-31", None),
        (None, "Pacific/Kiritimati", "2026-02-01", None),
        (date(2024, 2, 29), "Pacific/Kiritimati", "2024-02-29", None),
        (MOMENT, "UTC", "2026-01-31", MOMENT),
        (MOMENT, "Pacific/Kiritimati", "2026-02-01", MOMENT),
        # An hour of the night when clocks go forwards, and back, in Berlin.
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "Europe/Berlin", "2026-03-29", "given"),
        (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), "Europe/Berlin", "2026-10-25", "given"),
    ],
)
def test_a_date_means_a_day_in_the_books_zone(given: Any, zone: str, day: str, at: Any) -> None:
    dating = Dating.of(given, zone, MOMENT)
    assert (dating.day.isoformat(), dating.at) == (day, given if at == "given" else at)


@pytest.mark.parametrize(
    "given",
    [
        date(1899, 12, 31),
        date(3000, 1, 1),
        datetime(1900, 1, 1, 23, tzinfo=UTC),
        datetime(2999, 12, 31, tzinfo=UTC),
    ],
)
def test_what_is_too_early_or_too_late_is_refused(given: Any) -> None:
    with pytest.raises(DateOutOfRange):
        Dating.of(given, "UTC", MOMENT)
