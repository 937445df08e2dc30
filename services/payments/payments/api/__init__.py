"""The operations, a module per noun: parse, authorise, open the unit of work, call, answer."""

from payments.api import payments

ROUTERS = (payments.router,)

__all__ = ["ROUTERS"]
