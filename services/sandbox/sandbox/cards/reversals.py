"""Owns what can come back of a payment by card: refunds and disputes, and their states.

Disputes are as Stripe has them: an inquiry (``warning_…``) takes no money; one that is escalated,
or opened as such, does once its funds are withdrawn.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class BankRefundStatus(StrEnum):
    """``pending → succeeded | failed``; also ``succeeded → failed``, as banks send money back."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DisputeStatus(StrEnum):
    """``warning_needs_response → needs_response | warning_closed``; then ``won | lost``."""

    WARNING = "warning_needs_response"
    OPEN = "needs_response"
    WARNING_CLOSED = "warning_closed"
    WON = "won"
    LOST = "lost"


class DisputeMove(StrEnum):
    """What can be done about a dispute."""

    ESCALATE = "escalate"
    WITHDRAW = "withdraw"
    REINSTATE = "reinstate"
    CLOSE = "close"


MOST_MOVES: Final = 100  # of one dispute
_OPEN: Final = frozenset({DisputeStatus.WARNING, DisputeStatus.OPEN})
_MOVES: Final = {
    BankRefundStatus.PENDING: {BankRefundStatus.SUCCEEDED, BankRefundStatus.FAILED},
    BankRefundStatus.SUCCEEDED: {BankRefundStatus.FAILED},
    BankRefundStatus.FAILED: set[BankRefundStatus](),
}


@dataclass(slots=True)
class BankRefund:
    """A sum that goes back; ``refund_id`` is what the shop calls it, None where it did not ask."""

    id: str
    minor: int
    status: BankRefundStatus
    refund_id: UUID | None = None

    def move(self, status: BankRefundStatus) -> bool:
        """Go to a state; tells whether it did."""
        if status not in _MOVES[self.status]:
            return False
        self.status = status
        return True


@dataclass(slots=True)
class BankDispute:
    """A sum that the card's owner wants back through the bank."""

    id: str
    minor: int
    status: DisputeStatus
    reason: str
    is_withdrawn: bool = False
    moves: int = 0

    @property
    def is_open(self) -> bool:
        """Tell whether it has not been decided."""
        return self.status in _OPEN

    @property
    def claims(self) -> bool:
        """Tell whether its sum can't be disputed by another."""
        return self.is_open or self.is_withdrawn

    def move(self, move: DisputeMove, *, won: bool = False) -> list[str]:
        """Do something about it; returns the kinds of events that tell so, none if it can't be."""
        if self.moves >= MOST_MOVES:
            return []
        self.moves += 1
        match move:
            case DisputeMove.ESCALATE if self.status is DisputeStatus.WARNING:
                self.status, self.is_withdrawn = DisputeStatus.OPEN, True
                return ["dispute.funds_withdrawn"]
            case DisputeMove.WITHDRAW if self.status is DisputeStatus.OPEN and (
                not self.is_withdrawn
            ):
                self.is_withdrawn = True
                return ["dispute.funds_withdrawn"]
            case DisputeMove.REINSTATE if self.is_withdrawn:
                self.is_withdrawn = False
                return ["dispute.funds_reinstated"]
            case DisputeMove.CLOSE if self.is_open:
                return self._close(won=won)
        return []

    def _close(self, *, won: bool) -> list[str]:
        if self.status is DisputeStatus.WARNING:
            self.status = DisputeStatus.WARNING_CLOSED
            return ["dispute.closed"]
        self.status = DisputeStatus.WON if won else DisputeStatus.LOST
        if won and self.is_withdrawn:
            self.is_withdrawn = False
            return ["dispute.funds_reinstated", "dispute.closed"]
        return ["dispute.closed"]
