"""Knows how far an append-only table was read, without missing late commits. Pure.

Rows are numbered by an identity when they are written and become visible when their transaction
commits, in any order: behind the highest row read there may be lower ones still to come. They can
no longer come once every transaction that ran at the time of that reading has ended. This needs
rows whose transaction had an id before it drew their number: true of what a trigger writes.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

# No unit of work takes that long; one that does must not hold up the others' rows for ever.
LONGEST_SECONDS: Final = 60.0


class Frontier:
    """The row below which nothing new can appear; it only ever moves on."""

    def __init__(self, after: int = 0, longest_seconds: float = LONGEST_SECONDS) -> None:
        """Begin after a row; a transaction that takes longer is waited for no more."""
        self.after = after
        self._longest_seconds = longest_seconds
        self._open: deque[tuple[int, int, float]] = deque()

    def passed(self, seq: int, xid: int, at: float) -> None:
        """Note a reading that saw everything up to a row.

        Args:
            seq: The row.
            xid: A transaction id, not below that of anybody who had begun to write.
            at: When, by the monotonic clock.
        """
        self._open.append((seq, xid, at))

    def advance(self, oldest_xid: int, now: float, read_to: int | None = None) -> None:
        """Move past readings whose writers have all ended: none below ``oldest_xid``.

        What lies above ``read_to`` was not read this time, and is not passed.
        """
        while self._open:
            seq, xid, at = self._open[0]
            is_final = xid < oldest_xid or now - at >= self._longest_seconds
            if not is_final or (read_to is not None and read_to < seq):
                return
            self._open.popleft()
            self.after = max(self.after, seq)


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
        self._frontier = Frontier(after)
        self._taken: set[int] = set()

    @property
    def after(self) -> int:
        """The number up to which all rows were taken."""
        return self._frontier.after

    @property
    def taken(self) -> Collection[int]:
        """Return the numbers above ``after`` that were taken; a statement leaves them out."""
        return self._taken

    @property
    def taken_to(self) -> int:
        """The highest number that was taken."""
        return max(self._taken, default=self.after)

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Return the spans of numbers that were not taken, above ``after``.

        Each has its first and last number, and all are below ``taken_to``. Where others make the
        statement, that is less to hand on than what was taken.
        """
        around = [self.after, *sorted(self._taken)]
        return [(low + 1, high - 1) for low, high in pairwise(around) if high > low + 1]

    @property
    def is_settled(self) -> bool:
        """Tell whether no row above ``after`` was taken."""
        return not self._taken

    def took(self, reading: TailPage, now: float) -> None:
        """Note a reading, made at ``now`` by the monotonic clock."""
        self._taken.update(reading.seqs)
        if reading.seqs:
            self._frontier.passed(max(self._taken), reading.next_xid - 1, now)
        read_to = None if reading.is_whole else reading.seqs[-1]
        self._frontier.advance(reading.oldest_xid, now, read_to)
        self._taken = {seq for seq in self._taken if seq > self.after}
