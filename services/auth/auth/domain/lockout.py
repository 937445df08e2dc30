"""When too many wrong passwords lock a login. Pure; times are UTC.

Counted for each name, whether anybody has it or not, and each address that they come from:
strangers lock nobody out but themselves, and a lock tells neither who has an account nor, as the
two names of an account are counted apart, whose an e-mail address is.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from auth.refusals import LoginLocked

FAILURES: Final = 10
WINDOW: Final = timedelta(minutes=15)  # from the first wrong one on
LOCK: Final = timedelta(minutes=15)  # from the last one that was looked at


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong passwords of late; ``key`` stands for name and address.

    They count until ``ends_at``: the end of the window, or of the lock once there are too many.
    """

    key: bytes
    user_id: UUID | None
    count: int = 0
    ends_at: datetime | None = None

    @property
    def begins_a_lock(self) -> bool:
        """Whether the latest of them is the one that locks; those under way count on."""
        return self.count == FAILURES


def failures_key(name_key: str, address: str) -> bytes:
    """Return what wrong passwords for a name from an address are counted by; neither is kept."""
    return sha256(f"{name_key}\n{address}".encode()).digest()


def decide_knock(before: Failures, now: datetime) -> None:
    """Refuse to look at a password, right or wrong, while it is locked.

    Raises:
        LoginLocked: for the rest of the lock.
    """
    if before.ends_at is None or before.count < FAILURES or before.ends_at <= now:
        return
    raise LoginLocked(retry_after_seconds=math.ceil((before.ends_at - now).total_seconds()))
