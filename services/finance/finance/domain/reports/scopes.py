"""Defines what a report is of: whose, and in which period. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from finance.domain.dates.calendar import Days, month_of, range_before
from finance.domain.dates.days import day_of, in_range
from finance.domain.dates.periods import BookPeriod

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ReportScope:
    """What a report is of; both edges of its period are named.

    Attributes:
        currency: Of this one alone; None: of all, each for itself.
        account_id: Of this account alone.
    """

    user_id: UUID
    period: BookPeriod
    currency: str | None = None
    account_id: UUID | None = None

    @property
    def days(self) -> Days:
        """Return the days that the period has a part of, in its zone."""
        first, last = _first(self.period), _last(self.period)
        assert first is not None  # noqa: S101 - both are named
        assert last is not None  # noqa: S101 - both are named
        return Days(first, last)

    @property
    def before(self) -> "ReportScope":
        """Return the scope of the period before, as ``range_before`` has it.

        Where an edge is a moment, it is as many hours long.
        """
        begin, end = self.period.begin, self.period.end
        if isinstance(begin, datetime) or isinstance(end, datetime):
            begin = _moment(begin, self.period.zone)
            end = _moment(None if end is None else _following(end), self.period.zone)
            earlier = replace(self.period, begin=begin - (end - begin), end=begin)
        else:
            first, last = range_before(self.days)
            earlier = replace(self.period, begin=first, end=last)
        return replace(self, period=earlier)


def with_edges(period: BookPeriod, today: date) -> BookPeriod:
    """Return a period with the edges that the caller left out.

    It begins with the month that it ends in, and ends with the present month, or with the one that
    it begins in where that is later.

    Raises:
        DateOutOfRange: it reaches beyond the days on which anything can be booked.
    """
    for name, edge in (("from", period.begin), ("to", period.end)):
        if edge is not None:
            in_range(edge.date() if isinstance(edge, datetime) else edge, at=f"query/{name}")
    if period.end is None:
        period = replace(period, end=month_of(max(today, _first(period) or today)).last)
    if period.begin is None:
        period = replace(period, begin=month_of(_last(period) or today).first)
    return period


def _first(period: BookPeriod) -> date | None:
    begin = period.begin
    return _day_in(period, begin) if isinstance(begin, datetime) else begin


def _last(period: BookPeriod) -> date | None:
    end = period.end  # a moment is not included
    return _day_in(period, end - _INSTANT) if isinstance(end, datetime) else end


def _day_in(period: BookPeriod, moment: datetime) -> date:
    return day_of(moment, period.zone)


def _following(edge: date | datetime) -> date | datetime:
    return edge if isinstance(edge, datetime) else edge + timedelta(days=1)


def _moment(edge: date | datetime | None, zone: str) -> datetime:
    assert edge is not None  # noqa: S101 - both are named
    if isinstance(edge, datetime):
        return edge
    return datetime.combine(edge, time.min, ZoneInfo(zone)).astimezone(UTC)
