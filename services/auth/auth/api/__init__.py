"""Serves auth's operations: parse, authorise, open the unit of work, call, answer."""

from auth.api import audit, factors, internal, me, passwords, registration, sessions, tokens, users

ROUTERS = (
    registration.router,
    tokens.router,
    *factors.ROUTERS,
    passwords.router,
    me.router,
    sessions.router,
    users.router,
    audit.router,
    internal.router,
)

__all__ = ["ROUTERS"]
