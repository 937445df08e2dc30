"""Defines what a file can be made of: transactions, or a report of them. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class ExportedReport(StrEnum):
    """Says what a file holds."""

    TRANSACTIONS = "transactions"
    SUMMARY = "summary"
    BY_CATEGORY = "by-category"
    SERIES = "series"
    CASH_FLOW = "cash-flow"
    NET_WORTH = "net-worth"


# What narrows or shapes each, besides days and an account.
OPTIONS: Final[Mapping[ExportedReport, frozenset[str]]] = {
    ExportedReport.TRANSACTIONS: frozenset({"category_id", "type"}),
    ExportedReport.SUMMARY: frozenset({"compare"}),
    ExportedReport.BY_CATEGORY: frozenset({"level"}),
    ExportedReport.SERIES: frozenset({"by"}),
    ExportedReport.CASH_FLOW: frozenset(),
    ExportedReport.NET_WORTH: frozenset({"by"}),
}
