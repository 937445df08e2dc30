"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import (
    bulk,
    events,
    export,
    limits,
    oversight,
    owners,
    paid_services,
    payments,
    quotes,
    refunds,
    timeline,
)
from payments.api.cards import charges, webhooks

ROUTERS = (
    oversight.router,  # its paths come before those with an id in their place
    payments.router,
    timeline.router,
    refunds.router,
    bulk.router,
    events.router,
    export.router,
    limits.router,
    quotes.router,
    paid_services.router,
    webhooks.router,
    charges.router,
    owners.router,
)

__all__ = ["ROUTERS"]
