"""When a mail that could not be sent is tried again."""

from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=10)
LONGEST: Final = timedelta(hours=4)
_MOST_DOUBLINGS: Final = 20  # beyond the longest wait; keeps the number small


def wait_after(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after so many tries: capped exponential, half of it by chance.

    ``chance`` is 0 to 1: mails that failed together are not tried together again.
    """
    doubled = FIRST * (1 << min(attempts - 1, _MOST_DOUBLINGS))
    return min(doubled, LONGEST) * (0.5 + chance / 2)
