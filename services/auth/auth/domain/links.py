"""Single-use links, bound to one purpose; only the hash of a link's token is ever stored."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from auth.refusals import ActivationTokenInvalid

TOKEN_BYTES: Final = 32


class Purpose(StrEnum):
    """What a link is good for, and for nothing else."""

    ACTIVATION = "activation"


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


def decide_use(link: Link | None, now: datetime) -> UUID:
    """Return whose account the link activates.

    Raises:
        ActivationTokenInvalid: unknown, used, or too late; it is not said which.
    """
    if link is None or link.used_at is not None or now >= link.expires_at:
        raise ActivationTokenInvalid
    return link.user_id
