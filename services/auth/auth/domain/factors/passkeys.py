"""Decides about passkeys (WebAuthn level 2), once a signature is verified."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from auth.refusals import PasskeyNameInvalid, TooManyPasskeys

MOST: Final = 20  # of one user; nobody has so many devices
NAME_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Passkey:
    """A device's key for one user, and the count of its newest signature."""

    id: UUID
    user_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    transports: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None = None


def name(text: str) -> str:
    """Return a passkey's name as it is kept, without spaces around it.

    Raises:
        PasskeyNameInvalid: nothing is left, or it holds control characters.
    """
    kept = text.strip()
    if not kept or len(kept) > NAME_LONGEST or not kept.isprintable():
        raise PasskeyNameInvalid
    return kept


def require_room(others: int) -> None:
    """Refuse one more passkey to a user who has too many.

    Raises:
        TooManyPasskeys: as its name says.
    """
    if others >= MOST:
        raise TooManyPasskeys(limit=MOST)


def is_copied(passkey: Passkey, sign_count: int) -> bool:
    """Tell whether a count shows that a key was copied (WebAuthn §6.1.1).

    A count that does not grow is no count only where there has never been one.
    """
    return (sign_count > 0 or passkey.sign_count > 0) and sign_count <= passkey.sign_count
