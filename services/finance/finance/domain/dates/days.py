"""Reads the day of a transaction: one that is named, that of a moment, or today."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from finance.domain.dates.periods import FIRST_DAY, LAST_DAY
from finance.refusals import DateOutOfRange

# A moment is a day further in, so that its day is in range in every zone.
FIRST_MOMENT: Final = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=1)
LAST_MOMENT: Final = datetime.combine(LAST_DAY, datetime.min.time(), UTC)
_WESTMOST, _EASTMOST = timedelta(hours=-12), timedelta(hours=14)  # of all zones, from UTC


@dataclass(frozen=True, slots=True)
class Dating:
    """A day, and the moment that it comes of, where one is known."""

    day: date
    at: datetime | None = None

    @classmethod
    def of(cls, given: date | datetime | None, zone: str, now: datetime) -> Self:
        """Return what a caller's date means in a zone; None means today.

        Raises:
            DateOutOfRange: it is not from 1900 to 2999.
        """
        if given is None:
            return cls(day_of(now, zone))
        if isinstance(given, datetime):
            if not FIRST_MOMENT <= given < LAST_MOMENT:
                raise DateOutOfRange
            return cls(day_of(given, zone), given)
        return cls(in_range(given))


def day_of(moment: datetime, zone: str) -> date:
    """Return the day of a moment in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def months_of(moment: datetime) -> set[date]:
    """Return the first days of the months that a moment is in, in whatever zone."""
    return {(moment + offset).date().replace(day=1) for offset in (_WESTMOST, _EASTMOST)}


def in_range(day: date, *, at: str = "date") -> date:
    """Return a day that a transaction may have; `at` says where the request names it.

    Raises:
        DateOutOfRange: it is not from 1900 to 2999.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise DateOutOfRange(at)
    return day
