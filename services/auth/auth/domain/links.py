"""Decides about single-use links; each has one purpose.

Only the hash of a link's token is ever stored.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from auth.refusals import ActivationTokenInvalid, EmailTokenInvalid, ResetTokenInvalid
from kit.refusals import Refusal

TOKEN_BYTES: Final = 32


class Purpose(StrEnum):
    """The one purpose for which a link can be used."""

    ACTIVATION = "activation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose
    OLD_EMAIL = "old_email"
    NEW_EMAIL = "new_email"


EMAIL_CHANGE: Final = (Purpose.OLD_EMAIL, Purpose.NEW_EMAIL)


_PATHS: Final = {
    Purpose.ACTIVATION: "/v1/auth/activate",
    Purpose.PASSWORD_RESET: "/v1/auth/password/reset",
    Purpose.OLD_EMAIL: "/v1/auth/email/confirm",
    Purpose.NEW_EMAIL: "/v1/auth/email/confirm",
}
_REFUSALS: Final[dict[Purpose, type[Refusal]]] = {
    Purpose.ACTIVATION: ActivationTokenInvalid,
    Purpose.PASSWORD_RESET: ResetTokenInvalid,
    Purpose.OLD_EMAIL: EmailTokenInvalid,
    Purpose.NEW_EMAIL: EmailTokenInvalid,
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link as stored."""

    user_id: UUID
    purpose: Purpose
    expires_at: datetime
    used_at: datetime | None


def text_of(token: bytes) -> str:
    """Return a token's text in a link: base64url without padding."""
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def digest(token: str) -> bytes:
    """Return the stored hash; the token is random, so a slow hash adds nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def url_of(public_url: str, purpose: Purpose, token: str) -> str:
    """Return the address that the user opens."""
    return f"{public_url}{_PATHS[purpose]}?{urlencode({'token': token})}"


def decide_use(link: Link | None, purpose: Purpose, now: datetime) -> Link:
    """Return a link that can be used.

    Raises:
        ActivationTokenInvalid, ResetTokenInvalid, EmailTokenInvalid: unknown, used, or expired; the
            refusal does not say which.
    """
    if link is None or link.used_at is not None or now >= link.expires_at:
        raise _REFUSALS[purpose]
    return link
