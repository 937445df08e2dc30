"""Names what API keys and OAuth clients may do, and decides what is granted."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from auth.refusals import ScopeUnknown


class Scope(StrEnum):
    """What a key or a client may do: read or write one noun.

    None changes anything of users, logins or keys.
    """

    PROFILE_READ = "profile:read"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    REFUNDS_READ = "refunds:read"
    REFUNDS_WRITE = "refunds:write"
    SERVICES_WRITE = "services:write"
    WALLETS_READ = "wallets:read"
    WALLETS_WRITE = "wallets:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    FINANCE_READ = "finance:read"
    FINANCE_WRITE = "finance:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


EVERY: Final = frozenset(Scope)


def scopes_in(text: str) -> frozenset[Scope]:
    """Return the scopes of a parameter `scope` (RFC 6749 §3.3).

    Raises:
        ScopeUnknown: one of them does not exist.
    """
    try:
        return frozenset(Scope(word) for word in text.split())
    except ValueError:
        raise ScopeUnknown from None


def decide_scopes(asked: str | None, allowed: frozenset[Scope]) -> frozenset[Scope]:
    """Return what is granted of what is asked for; where nothing is, all allowed.

    Raises:
        ScopeUnknown: something that does not exist is asked for, or nothing that is allowed.
    """
    granted = scopes_in(asked) & allowed if asked and asked.strip() else allowed
    if not granted:
        raise ScopeUnknown
    return granted


def scope_text(scopes: Iterable[Scope]) -> str:
    """Return scopes as tokens and answers name them."""
    return " ".join(sorted(scopes))
