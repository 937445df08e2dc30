"""The life of a signing key: next, active, retired; which key signs and which are published.

It holds no key material that could sign: `auth.crypto.signing` does.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class KeyStatus(StrEnum):
    """A key is published before it signs, and still published until its last token has died."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What may be known of a signing key; `jwk` is its public part (RFC 7517)."""

    kid: str
    status: KeyStatus
    jwk: Mapping[str, str]
    retired_at: datetime | None = None


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return the key id of an EC public key: its RFC 7638 SHA-256 thumbprint, base64url."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(required, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def published(
    keys: Iterable[PublicKey], *, now: datetime, token_lifetime: timedelta
) -> list[PublicKey]:
    """Return the keys that verifiers must know: a retired one until its last token has died."""
    return [key for key in keys if key.retired_at is None or now < key.retired_at + token_lifetime]
