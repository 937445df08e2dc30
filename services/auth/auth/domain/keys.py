"""Decides which signing key signs and which ones are published.

A key is first next, then active, then retired. Private parts are not here, but in
`auth.crypto.signing`.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


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
    retired_at: datetime | None = None


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
    return [key for key in keys if key.retired_at is None or now < key.retired_at + token_lifetime]
