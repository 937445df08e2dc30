"""Defines a period of a book: a range of days or moments, seen in a time zone.

A transaction has a day, in the zone of its book, and a moment where one is known. In another zone
its day is that of the moment; where none is known, the day that it has is meant everywhere.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)

# A moment's days in two zones are up to 26 hours apart: from UTC-12 to UTC+14.
_WIDEST: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class BookPeriod:
    """A range that transactions are in.

    Attributes:
        begin: From this day on, or from this moment on; None: from the first.
        end: Until this day, which is included, or before this moment; None: to the last.
        zone: The IANA zone in which days are meant.
        book_zone: The zone in which the book's days are stored.
    """

    begin: date | datetime | None
    end: date | datetime | None
    zone: str
    book_zone: str

    @property
    def is_plain(self) -> bool:
        """Whether it is a range of stored days: no moments, no other zone."""
        has_moments = isinstance(self.begin, datetime) or isinstance(self.end, datetime)
        return not has_moments and self.zone == self.book_zone

    @property
    def first_day(self) -> date | None:
        """The first stored day that can be in it; exactly the first where it is plain."""
        if self.begin is None or self.is_plain:
            return self.begin
        return _inside(_day(self.begin), -_WIDEST)

    @property
    def last_day(self) -> date | None:
        """The last stored day that can be in it; exactly the last where it is plain."""
        if self.end is None or self.is_plain:
            return self.end
        return _inside(_day(self.end), _WIDEST)


def _day(edge: date | datetime) -> date:
    return edge.date() if isinstance(edge, datetime) else edge


def _inside(day: date, step: timedelta) -> date:
    """Return a day some steps on; days that no book has count as the nearest."""
    return min(max(day, FIRST_DAY), LAST_DAY) + step
