"""Serves auth's operations: parse, authorise, open the unit of work, call, answer."""

from auth.api import audit, emails, internal, me, passwords, registration, sessions, tokens, users

ROUTERS = (
    registration.router,
    tokens.router,
    passwords.router,
    emails.router,
    me.router,
    sessions.router,
    users.router,
    audit.router,
    internal.router,
)

__all__ = ["ROUTERS"]
