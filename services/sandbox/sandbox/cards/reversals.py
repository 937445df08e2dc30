"""Owns the refunds and disputes of payments by card, and their states.

Disputes work as at Stripe: an inquiry (`warning_…`) takes no money; a dispute, or an escalated
inquiry, takes money when its funds are withdrawn.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class BankRefundStatus(StrEnum):
    """The status of a refund: `pending → succeeded | failed`.

    Also `succeeded → failed`, because a bank may send the money back.
    """

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DisputeStatus(StrEnum):
    """The status of a dispute.

    `warning_needs_response → needs_response | warning_closed`; then `won | lost`.
    """

    WARNING = "warning_needs_response"
    OPEN = "needs_response"
    WARNING_CLOSED = "warning_closed"
    WON = "won"
    LOST = "lost"


class DisputeMove(StrEnum):
    """A move in a dispute."""

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
    """A refund; `refund_id` is the shop's id, None if the shop did not ask for it."""

    id: str
    minor: int
    status: BankRefundStatus
    refund_id: UUID | None = None

    def move(self, status: BankRefundStatus) -> bool:
        """Set the status if that is possible; tell whether it was set."""
        if status not in _MOVES[self.status]:
            return False
        self.status = status
        return True


@dataclass(slots=True)
class BankDispute:
    """A dispute: the card's owner demands a sum back through the bank."""

    id: str
    minor: int
    status: DisputeStatus
    reason: str
    is_withdrawn: bool = False
    moves: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it has not been decided."""
        return self.status in _OPEN

    @property
    def claims(self) -> bool:
        """Whether its sum can't be disputed again."""
        return self.is_open or self.is_withdrawn

    def move(self, move: DisputeMove, *, won: bool = False) -> list[str]:
        """Make a move; return the types of its events, none if it is not possible."""
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
