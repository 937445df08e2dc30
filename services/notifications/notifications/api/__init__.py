"""Serves the operations: parse, authorise, open the unit of work, call, answer."""

from notifications.api import deliveries, endpoints, internal, mutes, notices

ROUTERS = (
    mutes.router,
    notices.router,
    endpoints.router,
    deliveries.router,
    internal.router,
)

__all__ = ["ROUTERS"]
