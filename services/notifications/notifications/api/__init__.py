"""Notifications' operations: parse, authorise, open the unit, call, answer."""

from notifications.api import deliveries, internal, mutes, notices, webhooks

ROUTERS = (
    mutes.router,
    notices.router,
    webhooks.router,
    deliveries.router,
    internal.router,
)

__all__ = ["ROUTERS"]
