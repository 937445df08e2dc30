"""Reads dates in the orders that files have; the order is one for a whole column."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final, Literal

from finance.domain.dates.days import FIRST_MOMENT, LAST_MOMENT
from finance.domain.dates.periods import FIRST_DAY, LAST_DAY
from finance.files.readers.lines import LineError

DateOrder = Literal["ymd", "dmy", "mdy"]
ORDERS: Final[tuple[DateOrder, ...]] = ("ymd", "dmy", "mdy")
_DATE: Final = re.compile(
    r"(\d{1,4})([./-]|\s)\s?(\d{1,2})([./'-]|\s)\s?(\d{1,4})(?:[T,\s]\s*(\d{1,2}:\d{2}.{0,24}))?",
    re.ASCII,
)
# A month by its name, in the three orders; the rest of a name is not looked at.
_NAMED: Final[dict[DateOrder, re.Pattern[str]]] = {
    "dmy": re.compile(
        r"(?P<d>\d{1,2})[ .-](?P<m>[^\W\d_]{3,9})\.?[ ,.-]{1,2}(?P<y>\d{4}|\d\d)(?: г\.?)?"
    ),
    "mdy": re.compile(r"(?P<m>[^\W\d_]{3,9})\.?[ -](?P<d>\d{1,2}),?[ -](?P<y>\d{4}|\d\d)"),
    "ymd": re.compile(r"(?P<y>\d{4})[ .-](?P<m>[^\W\d_]{3,9})\.?[ .-](?P<d>\d{1,2})"),
}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            *(("jan", "янв"), ("feb", "фев"), ("mar", "мар"), ("apr", "апр")),
            *(("may", "мая", "май"), ("jun", "июн"), ("jul", "июл"), ("aug", "авг")),
            *(("sep", "сен"), ("oct", "окт"), ("nov", "ноя"), ("dec", "дек")),
        ),
        start=1,
    )
    for name in names
}
_COMPACT: Final = re.compile(r"((?:19|2\d)\d{2})(\d{2})(\d{2})", re.ASCII)
_YEAR_DIGITS: Final = (2, 4)
_CENTURY: Final = 2000
_LAST_CENTURY_FROM: Final = 70  # as POSIX has it, give or take a year


def date_of(text: str, order: DateOrder) -> date:
    """Return the day of a text in one order; a time of day behind it is left out.

    Raises:
        LineError: `date_malformed`, `date_out_of_range`.
    """
    found = _date(text.strip(), order)
    if found is None:
        raise LineError("date_malformed")
    if not FIRST_DAY <= found <= LAST_DAY:
        raise LineError("date_out_of_range")
    return found


def moment_of(text: str) -> datetime | None:
    """Return the moment of a text in RFC 3339 on which something may be; else None."""
    try:
        found = datetime.fromisoformat(text.strip())
        at = found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
    return at if at is not None and FIRST_MOMENT <= at < LAST_MOMENT else None


def order_of(cells: Iterable[str]) -> tuple[DateOrder | None, bool]:
    """Return the order that most dates of a column have, and whether that is sure.

    A day and a month that are both below 13 may be either; points always part day from month, in
    this order. None where nothing is a date.
    """
    fits: dict[DateOrder, int] = dict.fromkeys(ORDERS, 0)
    for text in cells:
        for order in _orders(text.strip()):
            fits[order] += 1
    best = max(ORDERS, key=lambda order: fits[order])
    if not fits[best]:
        return None, True
    return best, best == "ymd" or fits["dmy"] != fits["mdy"]


def is_date(text: str) -> bool:
    """Tell whether a text may be a date, in any order."""
    return any(_orders(text.strip()))


def _orders(text: str) -> list[DateOrder]:
    orders: list[DateOrder] = [order for order in ORDERS if _date(text, order) is not None]
    return [order for order in orders if order != "mdy" or "." not in text[:10]]


def _date(text: str, order: DateOrder) -> date | None:
    if order == "ymd" and (compact := _COMPACT.fullmatch(text)):
        return _day(*compact.groups())
    found = _DATE.fullmatch(text.replace("' ", "'0"))  # Quicken's year of one digit
    if found is None:
        named = _NAMED[order].fullmatch(text)
        month = None if named is None else _MONTHS.get(named["m"][:3].casefold())
        return None if named is None or month is None else _day(named["y"], str(month), named["d"])
    first, _, second, _, third, _ = found.groups()
    match order:
        case "ymd":
            return _day(first, second, third) if len(first) == _YEAR_DIGITS[1] else None
        case "dmy":
            return _day(third, second, first)
        case "mdy":
            return _day(third, first, second)


def _day(year: str, month: str, day: str) -> date | None:
    if len(year) not in _YEAR_DIGITS or len(day) > 2 or len(month) > 2:  # noqa: PLR2004 (digits)
        return None
    whole = int(year)
    if len(year) == _YEAR_DIGITS[0]:
        whole += _CENTURY - (100 if whole >= _LAST_CENTURY_FROM else 0)
    try:
        return date(whole, int(month), int(day))
    except ValueError:
        return None
