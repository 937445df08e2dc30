"""Decides when wrong passwords lock a login. Pure; times are UTC.

They are counted for each name (even one that nobody has) and each address that they come from. So a
stranger locks nobody else out. A lock does not tell whether an account exists; and because the two
names of an account are counted apart, it does not tell whose an e-mail address is.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from auth.refusals import LoginLocked

FAILURES: Final = 10
WINDOW: Final = timedelta(minutes=15)  # from the first wrong password on
LOCK: Final = timedelta(minutes=15)  # from the last password that was verified


@dataclass(frozen=True, slots=True)
class Failures:
    """The recent wrong passwords for a name from an address; `key` is their hash.

    They count until `ends_at`: the end of the window, or of the lock once there are too many.
    """

    key: bytes
    user_id: UUID | None
    count: int = 0
    ends_at: datetime | None = None

    @property
    def begins_a_lock(self) -> bool:
        """Whether the latest wrong password starts the lock; later ones do not."""
        return self.count == FAILURES


def failures_key(name_key: str, address: str) -> bytes:
    """Return the key that counts wrong passwords: a hash of name and address."""
    return sha256(f"{name_key}\n{address}".encode()).digest()


def require_unlocked(before: Failures, now: datetime) -> None:
    """Refuse to verify a password, right or wrong, while the login is locked.

    Raises:
        LoginLocked: until the lock ends.
    """
    if before.ends_at is None or before.count < FAILURES or before.ends_at <= now:
        return
    raise LoginLocked(retry_after_seconds=math.ceil((before.ends_at - now).total_seconds()))
