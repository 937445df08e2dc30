"""Knows below which outbox row nothing new can appear, so that reading need not start there. Pure.

Rows become visible when their transaction commits, in any order: behind the highest row read there
may be lower ones still to come. They can no longer come once every transaction that had begun to
write at the time of that reading has ended.
"""

from collections import deque

# No transaction takes as long between writing its messages, its last statement, and its commit;
# one that writes other things for hours must not make every reading start before it.
LONGEST_COMMIT_SECONDS = 10.0


class Frontier:
    """The row after which to read; it only ever moves on."""

    def __init__(self) -> None:
        self.after = 0
        self._open: deque[tuple[int, int, float]] = deque()

    def passed(self, seq: int, xid: int, at: float) -> None:
        """Note a reading that saw everything up to a row.

        Args:
            seq: The last row it returned.
            xid: A transaction id drawn by the reading itself: whoever writes already has a lower.
            at: When, by the monotonic clock.
        """
        self._open.append((seq, xid, at))

    def advance(self, oldest_xid: int, now: float) -> None:
        """Move on past readings whose writers have all ended (none below ``oldest_xid`` runs)."""
        while self._open:
            seq, xid, at = self._open[0]
            if xid >= oldest_xid and now - at < LONGEST_COMMIT_SECONDS:
                return
            self.after = max(self.after, seq)
            self._open.popleft()
