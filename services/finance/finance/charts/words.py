"""Writes what stands on charts, in English and Russian: titles, days, amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from finance.domain.dates.calendar import Days, Granularity
from kit.money import decimal_text
from kit.refusals import Language

_MONTHS: Final[Mapping[Language, str]] = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "ru": "янв фев мар апр май июн июл авг сен окт ноя дек",
}
_NARROW: Final = "\u202f"  # a thin space that does not break: 12 345
_LARGE: Final = (10**12, 10**9, 10**6, 10**3)
_TENTH_BELOW: Final = 10


@dataclass(frozen=True, slots=True)
class ChartWords:
    """The texts of charts in one language."""

    series: str
    net_worth: str
    by_category: Mapping[str, str]
    income: str
    expense: str
    other: str
    uncategorised: str
    nothing: str
    large: tuple[str, ...]


_WORDS: Final[Mapping[Language, ChartWords]] = {
    "en": ChartWords(
        series="Income and expense",
        net_worth="Net worth",
        by_category={"income": "Income by category", "expense": "Expense by category"},
        income="Income",
        expense="Expense",
        other="Other",
        uncategorised="Without a category",
        nothing="Nothing in this period",
        large=("T", "B", "M", "K"),
    ),
    "ru": ChartWords(
        series="Доходы и расходы",
        net_worth="Капитал",
        by_category={"income": "Доходы по категориям", "expense": "Расходы по категориям"},
        income="Доходы",
        expense="Расходы",
        other="Прочее",
        uncategorised="Без категории",
        nothing="За этот период ничего нет",
        large=(" трлн", " млрд", " млн", " тыс."),
    ),
}


def words(language: Language) -> ChartWords:
    """Return the texts of charts in a language."""
    return _WORDS[language]


def day_text(day: date, language: Language) -> str:
    """Return a day with its year: “5 Nov 2026”."""
    return f"{_short(day, language)} {day.year}"


def days_text(days: Days, language: Language) -> str:
    """Return a range of days as a title names it: “1 – 30 Nov 2026”."""
    last = day_text(days.last, language)
    if days.first == days.last:
        return last
    if days.first.year != days.last.year:
        return f"{day_text(days.first, language)} – {last}"
    is_one_month = days.first.month == days.last.month
    return f"{days.first.day if is_one_month else _short(days.first, language)} – {last}"


def bucket_label(bucket: Days, by: Granularity, language: Language, *, has_year: bool) -> str:
    """Return how a bucket is called below its axis: its first day, or its month.

    A month is called with its year where `has_year` says so.
    """
    if by is not Granularity.MONTH:
        return _short(bucket.first, language)
    month = _month(bucket.first, language)
    return f"{month} {bucket.first.year}" if has_year else month


def amount_text(minor: int, currency: str, language: Language) -> str:
    """Return an amount as people read it: “12,345.00”, “12 345,00”."""
    whole, point, fraction = decimal_text(abs(minor), currency).partition(".")
    return _in(language, f"{'-' if minor < 0 else ''}{int(whole):,}{point}{fraction}")


def share_text(share: str, language: Language) -> str:
    """Return a share in per cent as people read it: “33.34 %”, “33,34 %”."""
    return f"{_in(language, share)} %"


def tick_text(value: float, language: Language) -> str:
    """Return a round figure beside an axis, in short: “1.5M”, “1,5 млн”."""
    for power, word in zip(_LARGE, words(language).large, strict=True):
        if abs(value) >= power:
            return _in(language, _brief(value / power)) + word
    return _in(language, _brief(value))


def _brief(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0") if abs(value) < _TENTH_BELOW else f"{value:,.0f}"


def _in(language: Language, figures: str) -> str:
    signed = figures.replace("-", "\u2212")
    if language == "en":
        return signed
    return signed.replace(",", _NARROW).replace(".", ",")


def _short(day: date, language: Language) -> str:
    return f"{day.day} {_month(day, language)}"


def _month(day: date, language: Language) -> str:
    return _MONTHS[language].split()[day.month - 1]
