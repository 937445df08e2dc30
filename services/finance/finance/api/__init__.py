"""Serves finance's operations: parse, open the unit of work, call, answer."""

from finance.api import accounts, categories, settings
from finance.api.feed import rules
from finance.api.files import exports, imports
from finance.api.reports import budgets, pictures, reports
from finance.api.transactions import recurrences, transactions, transfers

ROUTERS = (
    accounts.router,
    categories.router,
    transactions.router,
    transfers.router,
    recurrences.router,
    reports.router,
    pictures.router,
    budgets.router,
    rules.router,
    settings.router,
    exports.router,
    imports.router,
)

__all__ = ["ROUTERS"]
