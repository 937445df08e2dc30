"""Serves finance's operations: parse, open the unit of work, call, answer."""

from finance.api import exports, imports, settings

ROUTERS = (settings.router, exports.router, imports.router)

__all__ = ["ROUTERS"]
