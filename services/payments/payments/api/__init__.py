"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import billers, bulk, events, export, limits, payments, quotes, refunds, timeline

ROUTERS = (
    payments.router,
    timeline.router,
    refunds.router,
    bulk.router,
    events.router,
    export.router,
    limits.router,
    quotes.router,
    billers.router,
)

__all__ = ["ROUTERS"]
