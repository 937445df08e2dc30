"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import payments, refunds

ROUTERS = (payments.router, refunds.router)

__all__ = ["ROUTERS"]
