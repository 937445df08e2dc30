"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import billers, payments

ROUTERS = (payments.router, billers.router)

__all__ = ["ROUTERS"]
