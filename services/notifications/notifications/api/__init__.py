"""Notifications' operations, one module per noun: parse, authorise, open the unit, call, answer."""

from notifications.api import notices, webhooks

ROUTERS = (notices.router, webhooks.router)

__all__ = ["ROUTERS"]
