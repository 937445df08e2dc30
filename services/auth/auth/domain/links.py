"""Single-use links, bound to one purpose; only the hash of a link's token is ever stored."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from auth.refusals import ActivationTokenInvalid, ResetTokenInvalid
from kit.refusals import Refusal

TOKEN_BYTES: Final = 32


class Purpose(StrEnum):
    """What a link is good for, and for nothing else."""

    ACTIVATION = "activation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose


_PATHS: Final = {
    Purpose.ACTIVATION: "/v1/auth/activate",
    Purpose.PASSWORD_RESET: "/v1/auth/password/reset",
}
_REFUSALS: Final[dict[Purpose, type[Refusal]]] = {
    Purpose.ACTIVATION: ActivationTokenInvalid,
    Purpose.PASSWORD_RESET: ResetTokenInvalid,
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link as stored."""

    user_id: UUID
    purpose: Purpose
    expires_at: datetime
    used_at: datetime | None


def text_of(token: bytes) -> str:
    """Return a token as it stands in a link: base64url without padding."""
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def digest(token: str) -> bytes:
    """Return what is stored of a token. It is random: a slow hash would add nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def url_of(public_url: str, purpose: Purpose, token: str) -> str:
    """Return the address that people open."""
    return f"{public_url}{_PATHS[purpose]}?{urlencode({'token': token})}"


def decide_use(link: Link | None, purpose: Purpose, now: datetime) -> UUID:
    """Return whose link it is.

    Raises:
        ActivationTokenInvalid, ResetTokenInvalid: unknown, used, or too late; it is not said
            which.
    """
    if link is None or link.used_at is not None or now >= link.expires_at:
        raise _REFUSALS[purpose]
    return link.user_id
