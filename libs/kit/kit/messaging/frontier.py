"""Knows the outbox row below which no new row can appear. Pure.

Reading need not start below it. Rows become visible when their transaction commits, in any order:
below the highest row that was read, lower ones may still appear. They no longer can once every
transaction that had begun to write at the time of that reading has ended.
"""

from collections import deque

# No transaction takes that long between writing its messages, its last statement, and its commit;
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
            xid: A transaction id drawn by the reading itself: earlier writers have a lower one.
            at: When, by the monotonic clock.
        """
        self._open.append((seq, xid, at))

    def advance(self, oldest_xid: int, now: float) -> None:
        """Move on past readings whose earlier writers have all ended.

        No transaction below ``oldest_xid`` runs.
        """
        while self._open:
            seq, xid, at = self._open[0]
            if xid >= oldest_xid and now - at < LONGEST_COMMIT_SECONDS:
                return
            self.after = max(self.after, seq)
            self._open.popleft()
