"""Decides when a mail is tried again."""

from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=10)
LONGEST: Final = timedelta(hours=4)
_MOST_DOUBLINGS: Final = 20  # past the longest wait; keeps the number small


def wait_after(attempts: int, chance: float) -> timedelta:
    """Return the wait after so many attempts: exponential, capped, half of it random.

    `chance` is 0 to 1, so that mails that failed together are not tried together again.
    """
    doubled = FIRST * (1 << min(attempts - 1, _MOST_DOUBLINGS))
    return min(doubled, LONGEST) * (0.5 + chance / 2)
