"""Serves auth's operations: parse, authorise, open the unit of work, call, answer."""

from auth.api import api_keys, audit, internal, me, passwords, registration, sessions, tokens, users

ROUTERS = (
    registration.router,
    tokens.router,
    passwords.router,
    me.router,
    sessions.router,
    api_keys.router,
    users.router,
    audit.router,
    internal.router,
)

__all__ = ["ROUTERS"]
