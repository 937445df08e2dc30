"""Serves the operations: parse, authorise, open the unit of work, call, answer."""

from wallet.api import (
    adjustments,
    history,
    internal,
    ledger,
    movements,
    owners,
    top_ups,
    wallets,
    webhooks,
)

ROUTERS = (
    wallets.router,
    top_ups.router,
    webhooks.router,
    history.router,
    ledger.router,
    adjustments.router,
    internal.router,
    movements.router,
    owners.router,
)

__all__ = ["ROUTERS"]
