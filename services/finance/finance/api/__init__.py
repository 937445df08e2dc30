"""Serves finance's operations: parse, open the unit of work, call, answer."""

from finance.api import (
    accounts,
    categories,
    exports,
    imports,
    recurrences,
    rules,
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
    rules.router,
    settings.router,
    exports.router,
    imports.router,
)

__all__ = ["ROUTERS"]
