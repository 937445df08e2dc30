"""Decides about API keys: their bounds, from where one works, and for how long."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from uuid import UUID

from auth.domain.scopes import Scope
from auth.refusals import ApiKeyExpired, ScopeNotBounded, TooManyApiKeys
from kit.money import Money

MOST_LIVE: Final = 50
# The gateway keeps a token for a minute at most, so an old secret can't end sooner than that.
SHORTEST_OVERLAP: Final = timedelta(minutes=1)
LONGEST_OVERLAP: Final = timedelta(days=7)
TOKEN_LIFETIME: Final = timedelta(minutes=5)
USE_STORED_EVERY: Final = timedelta(minutes=1)
MOST_PLACES: Final = 20

_IPV4_PLACE: Final = 24
_IPV6_PLACE: Final = 48

KeyNetwork: TypeAlias = IPv4Network | IPv6Network


# Payments and wallet alone keep to a key's wallets and to its amount of a day.
_BOUNDED: Final = frozenset(
    {Scope.PAYMENTS_READ, Scope.PAYMENTS_WRITE, Scope.WALLETS_READ, Scope.WALLETS_WRITE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """The terms that an owner gives a key; None limits nothing."""

    name: str
    scopes: frozenset[Scope]
    wallet_ids: frozenset[UUID] | None = None
    per_day: Money | None = None
    addresses: tuple[KeyNetwork, ...] | None = None
    expires_at: datetime | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether the key is held to some wallets, or to an amount of a day."""
        return self.wallet_ids is not None or self.per_day is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as stored, without its secrets.

    Attributes: hint: Its beginning and its last four characters. old_secret_until: How long the
    secret before the newest one still works. places: The networks that it was used from, see
    `place_of`.
    """

    id: UUID
    user_id: UUID
    terms: KeyTerms
    hint: str
    created_at: datetime
    old_secret_until: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    last_address: str | None = None
    places: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it is one of production."""
        return self.hint.startswith("sk_live_")

    def works_until(self, now: datetime, *, is_old_secret: bool) -> datetime | None:
        """Return when a secret stops to work, a token's lifetime from now at most.

        None: it works no more.
        """
        ends = [now + TOKEN_LIFETIME]
        ends += [] if self.terms.expires_at is None else [self.terms.expires_at]
        if is_old_secret:
            ends.append(self.old_secret_until or now)
        return None if self.revoked_at is not None or min(ends) <= now else min(ends)

    def is_use_due(self, now: datetime) -> bool:
        """Tell whether a use is to be stored: it is at most once a minute."""
        return self.last_used_at is None or now - self.last_used_at >= USE_STORED_EVERY

    def is_new_place(self, place: str | None) -> bool:
        """Tell whether a place is one to remember; of many no more are."""
        return place is not None and place not in self.places and len(self.places) < MOST_PLACES


def digest(secret: str) -> bytes:
    """Return the stored hash; the secret is random, so a slow hash adds nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def hint_of(secret: str) -> str:
    """Return what is shown of a secret: its beginning and its last four characters."""
    return f"{secret[:8]}…{secret[-4:]}"


def place_of(address: str) -> str | None:
    """Return the network by which an address is known again: its /24, or IPv6 /48.

    None for what is no address, as that of a local socket.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    length = _IPV4_PLACE if isinstance(parsed, IPv4Address) else _IPV6_PLACE
    return str(ip_network((parsed, length), strict=False))


def decide_making(terms: KeyTerms, *, live: int, now: datetime) -> None:
    """Refuse a key that nobody could use, or whose bounds nobody would keep.

    Raises:
        TooManyApiKeys: its owner has `MOST_LIVE` already.
        ApiKeyExpired: it would have expired before it is made.
        ScopeNotBounded: one of its scopes is of a service that knows no wallets or amounts.
    """
    if live >= MOST_LIVE:
        raise TooManyApiKeys(most=MOST_LIVE)
    if terms.expires_at is not None and terms.expires_at <= now:
        raise ApiKeyExpired
    if terms.is_bounded and not terms.scopes <= _BOUNDED:
        raise ScopeNotBounded


def is_allowed_from(addresses: Iterable[KeyNetwork] | None, address: str) -> bool:
    """Tell whether an address is in one of the networks; None stands for all."""
    if addresses is None:
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in addresses)
