"""Decides which codes of an authenticator app are good (RFC 6238)."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp

STEP_SECONDS: Final = 30
DIGITS: Final = 6
# RFC 6238 §5.2: at most one step for clocks that differ, and for slow typing.
_DRIFT: Final = (0, -1, 1)
_ISSUER: Final = "Saldo"


@dataclass(frozen=True, slots=True)
class Totp:
    """An authenticator app's key, encrypted, and its newest used step."""

    user_id: UUID
    sealed: bytes
    last_step: int | None
    confirmed_at: datetime | None


def uri_of(secret: str, name: str) -> str:
    """Return the otpauth URI that an app reads, most often from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def step_of(secret: str, code: str, now: datetime, *, last_step: int | None) -> int | None:
    """Return the step whose code this is; None for a wrong or a used one.

    A code is good once, and none before it is good any more (RFC 6238 §5.2). All are compared in
    constant time. The secret is in base32.
    """
    generator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    present = int(now.timestamp()) // STEP_SECONDS
    steps = [present + drift for drift in _DRIFT]
    given = code.encode("utf-8", "replace")
    right = [step for step in steps if hmac.compare_digest(_code(generator, step), given)]
    if not right or (last_step is not None and right[0] <= last_step):
        return None
    return right[0]


def _code(generator: pyotp.TOTP, step: int) -> bytes:
    return generator.generate_otp(step).encode()
