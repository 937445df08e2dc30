"""Checks signatures as receivers of Standard Webhooks do (symmetric, `v1`).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

PREFIX: Final = "whsec_"
TOLERANCE_SECONDS: Final = 300
_LONGEST_TIMESTAMP: Final = 15


class Check(StrEnum):
    """The result of checking a signature."""

    VALID = "valid"
    INVALID = "invalid"  # signed with another secret, or changed on its way
    STALE = "stale"  # valid, but signed more than five minutes before or after it came
    MISSING = "missing"  # one of the three headers is missing, or the time is no number
    UNCHECKED = "unchecked"  # the inbox has no secret


def secret_key(text: str) -> bytes:
    """Parse a secret in the form shown to the endpoint's owner; raises ValueError."""
    if not text.startswith(PREFIX):
        raise ValueError("a secret begins with whsec_")
    return b64decode(text.removeprefix(PREFIX), validate=True)


def check(key: bytes | None, headers: Mapping[str, str], body: bytes, came_at: datetime) -> Check:
    """Check a webhook's signature; `headers` have lower-case names."""
    webhook_id, timestamp, signatures = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIMESTAMP
    if not webhook_id or not signatures or not is_number:
        return Check.MISSING
    if key is None:
        return Check.UNCHECKED
    content = f"{webhook_id}.{timestamp}.".encode() + body
    expected = f"v1,{b64encode(hmac.digest(key, content, sha256)).decode()}".encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in signatures.split(" ")):
        return Check.INVALID
    if abs(came_at.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return Check.STALE
    return Check.VALID
