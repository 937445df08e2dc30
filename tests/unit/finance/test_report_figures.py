"""Figures of reports, put together from what was added up."""

from datetime import date

from finance.domain.categories import CategoryType
from finance.domain.dates.calendar import Days, Granularity, buckets
from finance.domain.reports.reports import (
    BucketTotals,
    CategoryShare,
    CategorySum,
    ReportCategory,
    Totals,
    WorthMoved,
    series_of,
    with_shares,
    worth_of,
)
from kit.ids import new_id

FEBRUARY = Days(date(2024, 2, 28), date(2024, 3, 1))


def test_a_series_has_a_figure_for_each_span_of_each_currency() -> None:
    spans = list(buckets(FEBRUARY, Granularity.DAY))
    found = [
        BucketTotals(date(2024, 2, 29), Totals("RUB", 5, 3, 2)),
        BucketTotals(date(2024, 3, 1), Totals("JPY", 1, 0, 1)),
    ]
    assert series_of(spans, Granularity.DAY, found) == {
        "JPY": [Totals("JPY"), Totals("JPY"), Totals("JPY", 1, 0, 1)],
        "RUB": [Totals("RUB"), Totals("RUB", 5, 3, 2), Totals("RUB")],
    }
    assert Totals("RUB", 5, 3, 2).balance_minor == 2


def test_a_bucket_that_is_cut_off_is_still_that_of_its_month() -> None:
    spans = list(buckets(FEBRUARY, Granularity.MONTH))
    found = [BucketTotals(date(2024, 2, 1), Totals("RUB", 5))]
    assert series_of(spans, Granularity.MONTH, found) == {"RUB": [Totals("RUB", 5), Totals("RUB")]}


def test_worth_is_reckoned_back_from_what_there_is_now() -> None:
    spans = list(buckets(FEBRUARY, Granularity.DAY))
    moved = [
        WorthMoved("RUB", date(2024, 2, 28), 10),
        WorthMoved("RUB", date(2024, 3, 1), -30),
        WorthMoved("RUB", None, 500),
    ]
    worth = worth_of(spans, Granularity.DAY, {"RUB": 600, "USD": 7}, moved)
    assert worth == {"RUB": [130, 130, 100], "USD": [7, 7, 7]}


def test_what_only_the_period_before_has_is_listed_with_nothing() -> None:
    food = ReportCategory(new_id(), "Food", CategoryType.EXPENSE, None, None)
    now = CategorySum("RUB", "expense", None, 300, 2)
    before = [CategorySum("RUB", "expense", one, 50, 1) for one in (food, None)]
    assert with_shares([now], before) == {
        ("RUB", "expense"): [
            CategoryShare(now, "100.00", 50),
            CategoryShare(CategorySum("RUB", "expense", food, 0, 0), "0.00", 50),
        ]
    }
    assert with_shares([now]) == {("RUB", "expense"): [CategoryShare(now, "100.00", 0)]}
