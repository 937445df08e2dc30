"""Decides when to count a caller's kept answers: for few keys, not for each.

A count reads an index row for each kept answer. A share of the places that a count found free is
given out without another count, so that the bound is met closely however many processes serve.
"""

from datetime import datetime, timedelta
from typing import Final

# One process gives out this part (1/16) of the free places before it counts again.
_SHARE: Final = 16
_FULL: Final = timedelta(minutes=1)
_MOST_CALLERS: Final = 10_000


class Allowance:
    """Knows for each caller how many more answers may be kept without a count."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._full_until: dict[str, datetime] = {}

    def __len__(self) -> int:
        """Return how many entries are held."""
        return len(self._left) + len(self._full_until)

    def take(self, caller: str) -> bool:
        """Take one of the places known to be free; False where a count is needed first."""
        left = self._left.get(caller, 0)
        if not left:
            return False
        self._left[caller] = left - 1
        return True

    def is_full(self, caller: str, now: datetime) -> bool:
        """Tell whether the last count, a moment ago, found no free place."""
        until = self._full_until.get(caller)
        return until is not None and now < until

    def learn(self, caller: str, free: int, now: datetime) -> None:
        """Remember how many places a count found free, besides this answer's."""
        _make_room(self._left)
        _make_room(self._full_until)
        self._left.pop(caller, None)
        self._full_until.pop(caller, None)
        if free < 0:
            self._full_until[caller] = now + _FULL
        elif free >= _SHARE:
            self._left[caller] = free // _SHARE


def _make_room(known: dict[str, int] | dict[str, datetime]) -> None:
    """Drop the oldest entries; their callers are only counted once more."""
    while len(known) >= _MOST_CALLERS:
        del known[next(iter(known))]
