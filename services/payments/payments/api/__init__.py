"""Holds the operations, a module per noun: parse, authorise, call a verb, answer.

The unit of work is opened here, around the verb.
"""

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
    oversight.router,  # first: its paths would match `/v1/payments/{payment_id}` otherwise
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
