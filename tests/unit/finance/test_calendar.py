"""Ranges of days, cut into days, ISO weeks and months, and the range before each."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.domain.dates.calendar import (
    Days,
    Granularity,
    buckets,
    count_buckets,
    fitting_granularity,
    month_of,
    months_between,
    months_later,
    range_before,
    start_of,
)

DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))


def days(first: str, last: str) -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("by", "of", "starts"),
    [
        (Granularity.DAY, days("2024-02-28", "2024-03-01"), ["2024-02-28", "2024-02-29"]),
        (Granularity.DAY, days("2023-02-28", "2023-03-01"), ["2023-02-28", "2023-03-01"]),
        # 2026 ends within the ISO week 2026-W53; the week is not cut at the year's end.
        (Granularity.WEEK, days("2026-12-30", "2027-01-05"), ["2026-12-30", "2027-01-04"]),
        (Granularity.MONTH, days("2023-12-31", "2024-02-29"), ["2023-12-31", "2024-01-01"]),
        (Granularity.MONTH, days("2026-11-30", "2026-11-30"), ["2026-11-30"]),
    ],
)
def test_a_range_is_cut_where_the_calendar_says(
    by: Granularity, of: Days, starts: list[str]
) -> None:
    found = [span.first.isoformat() for span in buckets(of, by)]
    assert found[: len(starts)] == starts


@given(st.tuples(DAYS, st.integers(0, 800)), st.sampled_from(Granularity))
def test_buckets_fill_their_range_without_gaps(begun: tuple[date, int], by: Granularity) -> None:
    first, length = begun
    of = Days(first, min(first + timedelta(days=length), date(2999, 12, 31)))
    found = list(buckets(of, by))
    assert (found[0].first, found[-1].last) == of
    assert sum(span.length for span in found) == of.length
    assert len(found) == count_buckets(of, by)
    assert all(start_of(span.first, by) == start_of(span.last, by) for span in found)
    assert len({start_of(span.first, by) for span in found}) == len(found)


@pytest.mark.parametrize(
    ("of", "before"),
    [
        (days("2026-11-01", "2026-11-30"), days("2026-10-01", "2026-10-31")),
        (days("2024-02-01", "2024-02-29"), days("2024-01-01", "2024-01-31")),
        (days("2024-03-01", "2024-03-31"), days("2024-02-01", "2024-02-29")),
        (days("2026-01-01", "2026-12-31"), days("2025-01-01", "2025-12-31")),
        (days("2026-01-01", "2026-03-31"), days("2025-10-01", "2025-12-31")),
        (days("2026-11-02", "2026-11-08"), days("2026-10-26", "2026-11-01")),
        (days("2026-11-01", "2026-11-29"), days("2026-10-03", "2026-10-31")),
        (days("2024-02-01", "2024-02-28"), days("2024-01-04", "2024-01-31")),
    ],
)
def test_a_range_is_compared_with_the_one_before(of: Days, before: Days) -> None:
    assert range_before(of) == before


@given(DAYS, st.integers(0, 400))
def test_the_range_before_ends_right_before(last: date, length: int) -> None:
    of = Days(last - timedelta(days=length), last)
    before = range_before(of)
    assert before.last == of.first - timedelta(days=1)
    assert before.length == of.length or before.first.day == 1


def test_months_are_counted_over_the_turn_of_years() -> None:
    assert months_later(date(2026, 11, 1), 2) == date(2027, 1, 1)
    assert months_later(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert months_later(date(2026, 12, 1), 0) == date(2026, 12, 1)
    assert months_between(date(2025, 12, 31), date(2026, 1, 1)) == 1
    assert month_of(date(2024, 2, 10)) == days("2024-02-01", "2024-02-29")
    assert month_of(date(2100, 2, 10)) == days("2100-02-01", "2100-02-28")


@pytest.mark.parametrize(
    ("of", "by"),
    [
        (days("2026-11-01", "2026-11-30"), Granularity.DAY),
        (days("2026-11-01", "2027-01-01"), Granularity.DAY),
        (days("2026-11-01", "2027-01-02"), Granularity.WEEK),
        (days("2024-01-01", "2024-12-31"), Granularity.WEEK),
        (days("2024-01-01", "2025-01-01"), Granularity.MONTH),
    ],
)
def test_a_longer_range_is_shown_by_longer_buckets(of: Days, by: Granularity) -> None:
    assert fitting_granularity(of) == by
