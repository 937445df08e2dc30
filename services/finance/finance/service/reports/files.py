"""Reads a report for a file, by the verbs that answer requests."""

from collections.abc import Mapping
from typing import Any

from finance.domain.dates.calendar import Granularity
from finance.domain.files.exports import OPTIONS, ExportedReport
from finance.domain.reports.reports import Totals
from finance.domain.reports.scopes import ReportScope
from finance.files.reports import (
    ReportTable,
    categories_table,
    flows_table,
    totals_table,
    worth_table,
)
from finance.service.reports import reports
from finance.service.reports.reports import ReportTimeline
from kit.db import Connection


async def report_table(
    connection: Connection, scope: ReportScope, asked: Mapping[str, Any]
) -> ReportTable:
    """Return the table of a report; ``asked`` are the options of its job.

    Raises:
        AccountNotYours, RangeTooLong: by their names.
    """
    match ExportedReport(asked["report"]):
        case ExportedReport.SUMMARY:
            return await _summary(connection, scope, compare=asked["compare"])
        case ExportedReport.BY_CATEGORY:
            at_top = asked["level"] == "top"
            found = await reports.by_category(connection, scope, None, at_top=at_top)
            return categories_table(scope.days, found)
        case ExportedReport.SERIES:
            timeline = _timeline(scope, asked)
            series = await reports.series(connection, scope, timeline)
            return totals_table(one for currency in series.figures for one in series.of(currency))
        case ExportedReport.CASH_FLOW:
            return flows_table(scope.days, await reports.cash_flow(connection, scope))
        case _:  # net worth: transactions are no report
            timeline = _timeline(scope, asked)
            worth = await reports.net_worth(connection, scope, timeline)
            return worth_table(timeline.spans, worth.figures)


def require_short(scope: ReportScope, asked: Mapping[str, Any]) -> None:
    """Refuse a report of more days, weeks or months than are shown; reads nothing.

    Raises:
        RangeTooLong: by its name.
    """
    if "by" in OPTIONS[ExportedReport(asked["report"])]:
        _timeline(scope, asked)


async def _summary(connection: Connection, scope: ReportScope, *, compare: bool) -> ReportTable:
    """Return the totals of a scope, and then those of the period before it."""
    found = await reports.summary(connection, scope, compare=compare)
    rows = [(scope.days, one) for one in found.totals]
    if found.before is not None:
        before, days = found.before, scope.before.days
        names = [one.currency for one in found.totals]
        rows += [(days, before.get(name) or Totals(name)) for name in names]
    return totals_table(rows)


def _timeline(scope: ReportScope, asked: Mapping[str, Any]) -> ReportTimeline:
    by = asked["by"]
    return ReportTimeline.of(scope, None if by is None else Granularity(by))
