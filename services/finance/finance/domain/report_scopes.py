"""Defines what a report is of: whose, and in which period. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from finance.domain.calendar import Days, month_of, range_before
from finance.domain.days import in_range
from finance.domain.periods import BookPeriod

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
        period, zone = self.period, ZoneInfo(self.period.zone)
        first, last = period.begin, period.end
        if isinstance(first, datetime):
            first = first.astimezone(zone).date()
        if isinstance(last, datetime):  # which is not included
            last = (last - _INSTANT).astimezone(zone).date()
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
    begin, end = period.begin, period.end
    for name, edge in (("from", begin), ("to", end)):
        if edge is not None:
            in_range(_day(edge), at=f"query/{name}")
    if end is None:
        end = month_of(today if begin is None else max(today, _day(begin))).last
    if begin is None:
        begin = month_of(_day(end)).first
    return replace(period, begin=begin, end=end)


def _day(edge: date | datetime) -> date:
    return edge.date() if isinstance(edge, datetime) else edge


def _following(edge: date | datetime) -> date | datetime:
    return edge if isinstance(edge, datetime) else edge + timedelta(days=1)


def _moment(edge: date | datetime | None, zone: str) -> datetime:
    assert edge is not None  # noqa: S101 - both are named
    if isinstance(edge, datetime):
        return edge
    return datetime.combine(edge, time.min, ZoneInfo(zone)).astimezone(UTC)
