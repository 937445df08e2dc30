"""Notifications' operations, one module per noun: parse, authorise, open the unit, call, answer."""

from notifications.api import notices

ROUTERS = (notices.router,)

__all__ = ["ROUTERS"]
