"""Serves finance's operations: parse, open the unit of work, call, answer."""

from finance.api import (
    accounts,
    budgets,
    categories,
    pictures,
    recurrences,
    reports,
    settings,
    transactions,
    transfers,
)

ROUTERS = (
    accounts.router,
    categories.router,
    transactions.router,
    transfers.router,
    recurrences.router,
    reports.router,
    pictures.router,
    budgets.router,
    settings.router,
)

__all__ = ["ROUTERS"]
