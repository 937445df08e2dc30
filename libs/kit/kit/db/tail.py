"""Knows how far an append-only table was read, without missing late commits. Pure.

Rows are numbered by an identity when they are written and become visible when their transaction
commits, in any order. So visible rows are taken at once, and a position below which no row can
appear any more follows behind. It moves past a reading once every transaction that ran at the time
of that reading has ended. This needs rows whose transaction had an id before it drew their number:
true of what a trigger writes.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

# No unit of work takes that long; one that does must not hold up the others' rows for ever.
LONGEST_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class TailPage:
    """Rows that one statement read, and what it knew of transactions.

    Attributes:
        seqs: The lowest numbers above ``Tail.after`` that were not taken before, in order.
        is_whole: Whether there are no more of them.
        oldest_xid: pg_snapshot_xmin: no transaction below it was running.
        next_xid: pg_snapshot_xmax: no transaction from it on had begun to write.
    """

    seqs: Sequence[int]
    is_whole: bool
    oldest_xid: int
    next_xid: int


class Tail:
    """A position in a table: all rows up to ``after`` were taken, and some above it."""

    def __init__(self, after: int) -> None:
        self.after = after
        self._taken: set[int] = set()
        self._open: deque[tuple[int, int, float]] = deque()

    @property
    def taken(self) -> Collection[int]:
        """Return the numbers above ``after`` that were taken; a statement leaves them out."""
        return self._taken

    @property
    def is_settled(self) -> bool:
        """Tell whether no row above ``after`` was taken."""
        return not self._taken

    def took(self, reading: TailPage, now: float) -> None:
        """Note a reading, made at ``now`` by the monotonic clock."""
        self._taken.update(reading.seqs)
        if reading.seqs:
            highest = max(self._taken)
            self._open.append((highest, reading.next_xid, now))
        seen = None if reading.is_whole else reading.seqs[-1]
        while self._open:
            highest, next_xid, at = self._open[0]
            is_final = reading.oldest_xid >= next_xid or now - at > LONGEST_SECONDS
            if not is_final or (seen is not None and seen < highest):
                break
            self._open.popleft()
            self.after = max(self.after, highest)
            self._taken = {seq for seq in self._taken if seq > highest}
