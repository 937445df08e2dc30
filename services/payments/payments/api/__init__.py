"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import charges, payments, webhooks

ROUTERS = (payments.router, webhooks.router, charges.router)

__all__ = ["ROUTERS"]
