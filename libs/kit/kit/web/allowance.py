"""Owns how often a caller's kept answers are counted, so that a new key does not cost a count.

A count reads an index row for each kept answer. What a count found free is given out without
another one up to a share of it, so that the bound is met closely however many processes serve.
"""

from datetime import datetime, timedelta
from typing import Final

# Of what is free, how much one process gives out before it counts again.
_SHARE: Final = 16
_FULL: Final = timedelta(minutes=1)
_MOST_CALLERS: Final = 10_000


class Allowance:
    """What is known of how many more answers may be kept, for each caller."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._full_until: dict[str, datetime] = {}

    def __len__(self) -> int:
        """Return how many things are known."""
        return len(self._left) + len(self._full_until)

    def take(self, caller: str) -> bool:
        """Take one of the places known to be free; False where it has to be counted first."""
        left = self._left.get(caller, 0)
        if not left:
            return False
        self._left[caller] = left - 1
        return True

    def is_full(self, caller: str, now: datetime) -> bool:
        """Tell whether a count a moment ago found no place."""
        until = self._full_until.get(caller)
        return until is not None and now < until

    def learn(self, caller: str, free: int, now: datetime) -> None:
        """Take note of a count: how many places it found, that of this answer not among them."""
        _make_room(self._left)
        _make_room(self._full_until)
        self._left.pop(caller, None)
        self._full_until.pop(caller, None)
        if free < 0:
            self._full_until[caller] = now + _FULL
        elif free >= _SHARE:
            self._left[caller] = free // _SHARE


def _make_room(known: dict[str, int] | dict[str, datetime]) -> None:
    """Forget whoever was learnt of first; they are only counted once more."""
    while len(known) >= _MOST_CALLERS:
        del known[next(iter(known))]
