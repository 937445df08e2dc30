"""Decides which key signs, which are published, and when one follows another.

A key is first next, then active, then retired, and then it is removed. Private parts are not here,
but in `auth.crypto.signing`.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# A next key is published for so long before it signs. Verifiers read the key set once a minute and
# proxies may keep it for another one; every process of auth has read the table long before.
LEAD: Final = timedelta(minutes=5)
_LEEWAY: Final = timedelta(minutes=1)  # for verifiers' clocks


class KeyStatus(StrEnum):
    """The state of a key.

    It is published before it signs, and until its last token has expired.
    """

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public part of a signing key; `jwk` is as in RFC 7517."""

    kid: str
    status: KeyStatus
    jwk: Mapping[str, str]
    created_at: datetime
    activated_at: datetime | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyRules:
    """How long a key signs, and how long its tokens live.

    Without a period it signs until somebody rotates.
    """

    period: timedelta | None
    token_lifetime: timedelta


@dataclass(frozen=True, slots=True)
class Rotation:
    """What is due: a key to make, the next one to activate, old ones to remove."""

    makes_next: bool = False
    activates: str | None = None
    removes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Rotation()


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return an EC key's id: its RFC 7638 SHA-256 thumbprint, base64url."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def published(
    keys: Iterable[PublicKey], *, now: datetime, token_lifetime: timedelta
) -> list[PublicKey]:
    """Return the keys that verifiers need; a retired one until its tokens expire."""
    return [key for key in keys if not _is_over(key, now, token_lifetime)]


def decide_rotation(keys: Iterable[PublicKey], now: datetime, rules: KeyRules) -> Rotation:
    """Return what is due of a set of keys that has an active one.

    A next key is made `LEAD` before the active one has signed for the whole period, and is
    activated once it was published for so long, whoever had it made.
    """
    keys = list(keys)
    by_status = {status: [key for key in keys if key.status is status] for status in KeyStatus}
    [active] = by_status[KeyStatus.ACTIVE]
    followers = by_status[KeyStatus.NEXT]
    since = active.activated_at or active.created_at
    return Rotation(
        makes_next=not followers
        and rules.period is not None
        and now >= since + rules.period - LEAD,
        activates=next((key.kid for key in followers if now >= key.created_at + LEAD), None),
        removes=tuple(
            key.kid
            for key in by_status[KeyStatus.RETIRED]
            if _is_over(key, now, rules.token_lifetime + _LEEWAY)
        ),
    )


def _is_over(key: PublicKey, now: datetime, token_lifetime: timedelta) -> bool:
    return key.retired_at is not None and now >= key.retired_at + token_lifetime
