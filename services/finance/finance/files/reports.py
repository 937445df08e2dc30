"""Lays the figures of reports out as tables; every row says which days it is of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from finance.domain.dates.calendar import Days
from finance.domain.reports.reports import CashFlow, CategoryShare, Totals
from finance.files.tables import TableColumn, TableRow
from kit.money import decimal_text

_DAYS: Final = (TableColumn("from", "date"), TableColumn("to", "date"))
_TOTALS: Final = (
    *_DAYS,
    TableColumn("currency", "code"),
    TableColumn("income", "amount"),
    TableColumn("expense", "amount"),
    TableColumn("balance", "amount"),
    TableColumn("transactions", "count"),
)
_CATEGORIES: Final = (
    *_DAYS,
    TableColumn("currency", "code"),
    TableColumn("type", "code"),
    TableColumn("category"),
    TableColumn("amount", "amount"),
    TableColumn("share", "amount"),
    TableColumn("transactions", "count"),
    TableColumn("category_id", "code"),
    TableColumn("parent_id", "code"),
)
_FLOWS: Final = (
    *_DAYS,
    TableColumn("account"),
    TableColumn("kind", "code"),
    TableColumn("currency", "code"),
    TableColumn("opening", "amount"),
    TableColumn("income", "amount"),
    TableColumn("expense", "amount"),
    TableColumn("transfers_in", "amount"),
    TableColumn("transfers_out", "amount"),
    TableColumn("closing", "amount"),
    TableColumn("account_id", "code"),
)
_WORTH: Final = (
    TableColumn("date", "date"),
    TableColumn("currency", "code"),
    TableColumn("worth", "amount"),
)


class ReportTable(NamedTuple):
    """A report as a file has it."""

    columns: Sequence[TableColumn]
    rows: Sequence[TableRow]


def totals_table(found: Iterable[tuple[Days, Totals]]) -> ReportTable:
    """Return a row for each currency of each range of days."""
    return ReportTable(_TOTALS, [(*_days(days), *_totals(one)) for days, one in found])


def categories_table(
    days: Days, found: Mapping[tuple[str, str], Iterable[CategoryShare]]
) -> ReportTable:
    """Return a row for each category; that of what has none has no name."""
    shares = [share for group in found.values() for share in group]
    return ReportTable(_CATEGORIES, [(*_days(days), *_category(one)) for one in shares])


def flows_table(days: Days, flows: Iterable[CashFlow]) -> ReportTable:
    """Return a row for each account."""
    return ReportTable(_FLOWS, [(*_days(days), *_flow(one)) for one in flows])


def worth_table(spans: Sequence[Days], found: Mapping[str, Sequence[int]]) -> ReportTable:
    """Return a row for each currency at the end of each span."""
    rows = [
        (span.last.isoformat(), currency, decimal_text(minor, currency))
        for currency, minors in found.items()
        for span, minor in zip(spans, minors, strict=True)
    ]
    return ReportTable(_WORTH, rows)


def _days(days: Days) -> TableRow:
    return days.first.isoformat(), days.last.isoformat()


def _totals(totals: Totals) -> TableRow:
    minors = (totals.income_minor, totals.expense_minor, totals.balance_minor)
    amounts = (decimal_text(minor, totals.currency) for minor in minors)
    return totals.currency, *amounts, str(totals.transactions)


def _category(found: CategoryShare) -> TableRow:
    of, category = found.sum, found.sum.category
    parent_id = None if category is None else category.parent_id
    return (
        of.currency,
        of.type,
        of.name or "",
        decimal_text(of.amount_minor, of.currency),
        found.share,
        str(of.transactions),
        "" if category is None else str(category.id),
        "" if parent_id is None else str(parent_id),
    )


def _flow(flow: CashFlow) -> TableRow:
    minors = (
        flow.opening_minor,
        flow.income_minor,
        flow.expense_minor,
        flow.transfers_in_minor,
        flow.transfers_out_minor,
        flow.closing_minor,
    )
    amounts = (decimal_text(minor, flow.currency) for minor in minors)
    return flow.name, flow.kind, flow.currency, *amounts, str(flow.account_id)
