"""Serves auth's operations: parse, authorise, open the unit of work, call, answer."""

from auth.api import (
    api_keys,
    audit,
    authorization,
    confirmation,
    emails,
    factors,
    internal,
    me,
    oauth_clients,
    passwords,
    registration,
    sessions,
    tokens,
    users,
)

ROUTERS = (
    registration.router,
    tokens.router,
    authorization.router,
    oauth_clients.router,
    *factors.ROUTERS,
    confirmation.router,
    passwords.router,
    emails.router,
    me.router,
    sessions.router,
    api_keys.router,
    users.router,
    audit.router,
    internal.router,
)

__all__ = ["ROUTERS"]
