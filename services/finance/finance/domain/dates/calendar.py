"""Cuts ranges into days, ISO weeks and months; finds the range before one. Pure.

A day is a calendar day of whatever zone the caller thinks in, so that no change of a clock is met.
"""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
_MONTHS: Final = 12
# Up to so many days a range is shown by days, up to so many by weeks, else by months.
_MOST_BY_DAY: Final = 62
_MOST_BY_WEEK: Final = 366


class Granularity(StrEnum):
    """Says how long the buckets of a series are; weeks begin on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Days(NamedTuple):
    """A range of days, both included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """Return how many days it has."""
        return (self.last - self.first).days + 1


def fitting_granularity(days: Days) -> Granularity:
    """Return the granularity by which a range is shown where the caller names none."""
    if days.length <= _MOST_BY_DAY:
        return Granularity.DAY
    return Granularity.WEEK if days.length <= _MOST_BY_WEEK else Granularity.MONTH


def start_of(day: date, by: Granularity) -> date:
    """Return the first day of the day, week or month that a day is in."""
    if by is Granularity.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by is Granularity.WEEK else day


def month_of(day: date) -> Days:
    """Return the month that a day is in."""
    first = day.replace(day=1)
    return Days(first, day.replace(day=calendar.monthrange(day.year, day.month)[1]))


def months_later(first: date, months: int) -> date:
    """Return the first day of the month so many months after one; -1: before it."""
    year, month = divmod(first.year * _MONTHS + first.month - 1 + months, _MONTHS)
    return date(year, month + 1, 1)


def months_between(first: date, last: date) -> int:
    """Return how many months one day's month is after another's."""
    return (last.year - first.year) * _MONTHS + last.month - first.month


def count_buckets(days: Days, by: Granularity) -> int:
    """Return how many buckets a range has, without making them."""
    if by is Granularity.MONTH:
        return months_between(days.first, days.last) + 1
    apart = (days.last - start_of(days.first, by)).days
    return apart // (_WEEK if by is Granularity.WEEK else 1) + 1


def buckets(days: Days, by: Granularity) -> Iterator[Days]:
    """Yield the days, weeks or months of a range, in order, without gaps.

    The first and the last are cut off where the range begins and ends.
    """
    first = days.first
    while first <= days.last:
        following = _next(start_of(first, by), by)
        yield Days(first, min(following - _DAY, days.last))
        first = following


def _next(start: date, by: Granularity) -> date:
    if by is Granularity.MONTH:
        return months_later(start, 1)
    return start + timedelta(days=_WEEK if by is Granularity.WEEK else 1)


def range_before(days: Days) -> Days:
    """Return the range that one is compared with: as long, and right before it.

    That of whole months is as many whole months, however many days these have.
    """
    if days.first.day == 1 and days.last == month_of(days.last).last:
        months = months_between(days.first, days.last) + 1
        return Days(months_later(days.first, -months), days.first - _DAY)
    return Days(days.first - timedelta(days=days.length), days.first - _DAY)
