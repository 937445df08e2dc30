from datetime import date
from uuid import UUID

from tests.unit.finance.files.books import BREAD, FOOD, HOSTILE

from finance.domain.accounts import AccountKind
from finance.domain.categories import CategoryType
from finance.domain.dates.calendar import Days
from finance.domain.reports.reports import (
    CashFlow,
    CategoryShare,
    CategorySum,
    ReportCategory,
    Totals,
    with_shares,
)
from finance.files.reports import categories_table, flows_table, totals_table, worth_table
from finance.files.writers.csv import CsvWriter

JANUARY = Days(date(2026, 1, 1), date(2026, 1, 31))
EDGES = ("2026-01-01", "2026-01-31")


def category_sum(name: str | None, minor: int) -> CategorySum:
    found = None if name is None else ReportCategory(BREAD, name, CategoryType.EXPENSE, None, FOOD)
    return CategorySum("RUB", "expense", found, minor, 2)


def test_amounts_have_as_many_decimals_as_their_currency() -> None:
    table = totals_table([(JANUARY, Totals("JPY", 5, 7, 3)), (JANUARY, Totals("RUB", 10**18, 1))])
    assert table.rows == [
        (*EDGES, "JPY", "5", "7", "-2", "3"),
        (*EDGES, "RUB", "10000000000000000.00", "0.01", "9999999999999999.99", "0"),
    ]
    assert worth_table([JANUARY], {"JPY": [-700]}).rows == [("2026-01-31", "JPY", "-700")]


def test_what_has_no_category_has_a_row_without_a_name() -> None:
    found = with_shares([category_sum("Bread", 200), category_sum(None, 100)])
    assert categories_table(JANUARY, found).rows == [
        (*EDGES, "RUB", "expense", "Bread", "2.00", "66.67", "2", str(BREAD), str(FOOD)),
        (*EDGES, "RUB", "expense", "", "1.00", "33.33", "2", "", ""),
    ]


def test_every_row_has_a_cell_for_each_column() -> None:
    flow = CashFlow(UUID(int=1), "Cash", AccountKind.CASH, "RUB", 5, 4, 3, 2, 1)
    share = CategoryShare(category_sum("Bread", 1), "100.00")
    for table in (
        totals_table([(JANUARY, Totals("RUB"))]),
        categories_table(JANUARY, {("RUB", "expense"): [share]}),
        flows_table(JANUARY, [flow]),
        worth_table([JANUARY], {"RUB": [1]}),
    ):
        [row] = table.rows
        assert len(row) == len(table.columns)
    cells = dict(zip((one.name for one in table.columns), row, strict=True))
    assert cells == {"date": "2026-01-31", "currency": "RUB", "worth": "0.01"}


def test_no_name_of_a_category_is_run_by_a_spreadsheet() -> None:
    found = {("RUB", "expense"): [CategoryShare(category_sum(one, 1), "0.00") for one in HOSTILE]}
    table = categories_table(JANUARY, found)
    text = CsvWriter(table.columns).rows(table.rows).decode()
    assert ",'=cmd|" in text
    assert ",=cmd|" not in text
