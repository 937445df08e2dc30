"""Says in SQL which transactions a period has, and which day each is on.

Table `transaction` has both columns, `date` and `at`. A split's day is its transaction's.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from finance.domain.dates.periods import BookPeriod

Bind = Callable[[Any], str]  # makes a parameter of a value, and returns its place: "$3"


def within(period: BookPeriod, value: Bind) -> list[str]:
    """Return the conditions of being in the period.

    The first ones are ranges of `date`, for an index.
    """
    days = [
        f"date {sign} {value(day)}"
        for sign, day in ((">=", period.first_day), ("<=", period.last_day))
        if day is not None
    ]
    return [*days, *exactly(period, value)]


def exactly(period: BookPeriod, value: Bind) -> list[str]:
    """Return the conditions that days alone can't say; none where the period is plain."""
    if period.is_plain:
        return []
    edges = ((">=", ">=", period.begin), ("<=", "<", period.end))
    return [
        f"{_moment(period, value)} {by_moment} {value(edge)}"
        if isinstance(edge, datetime)
        else f"{day_in(period, value)} {by_day} {value(edge)}"
        for by_day, by_moment, edge in edges
        if edge is not None
    ]


def day_in(period: BookPeriod, value: Bind) -> str:
    """Return the expression of a transaction's day in the period's zone."""
    if period.zone == period.book_zone:
        return "date"
    return f"coalesce((at AT TIME ZONE {value(period.zone)}::text)::date, date)"


def _moment(period: BookPeriod, value: Bind) -> str:
    return f"coalesce(at, date::timestamp AT TIME ZONE {value(period.zone)}::text)"
