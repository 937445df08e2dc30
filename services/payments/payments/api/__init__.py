"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import bulk, payments

ROUTERS = (payments.router, bulk.router)

__all__ = ["ROUTERS"]
