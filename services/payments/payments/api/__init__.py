"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import bulk, events, export, payments

ROUTERS = (payments.router, bulk.router, events.router, export.router)

__all__ = ["ROUTERS"]
