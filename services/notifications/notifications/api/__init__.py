"""Notifications' operations, one module per noun: parse, authorise, open the unit, call, answer."""

from notifications.api import internal, notices, webhooks

ROUTERS = (notices.router, webhooks.router, internal.router)

__all__ = ["ROUTERS"]
