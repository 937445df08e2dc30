"""Serves finance's operations: parse, open the unit of work, call, answer."""

from finance.api import settings

ROUTERS = (settings.router,)

__all__ = ["ROUTERS"]
