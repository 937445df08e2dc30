"""Owns the simulated card provider's payments and their states; knows nothing of HTTP.

Nothing is kept: a restart forgets them all.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.ids import new_id
from kit.money import Money

MOST_PAYMENTS: Final = 10_000  # the oldest are forgotten


class Outcome(StrEnum):
    """What the owner of the card does; ``delay`` is a bank that takes its time, then says yes."""

    SUCCESS = "success"
    DECLINE = "decline"
    DELAY = "delay"
    ABANDON = "abandon"


class Status(StrEnum):
    """``pending → processing → succeeded | failed``; ``pending | processing → cancelled``."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OPEN: Final = frozenset({Status.PENDING, Status.PROCESSING})


@dataclass(slots=True)
class CardPayment:
    """One payment at the provider; ``charge_id`` is what the shop calls it."""

    id: str
    amount: Money
    description: str
    return_url: str
    charge_id: UUID | None
    status: Status = Status.PENDING
    reason: str | None = None
    refunds: dict[str, int] = field(default_factory=dict)
    is_disputed: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether its end is open."""
        return self.status in _OPEN

    @property
    def refunded_minor(self) -> int:
        """What has gone back of it."""
        return sum(self.refunds.values())

    def refund(self, key: str, minor: int | None) -> int | None:
        """Give a sum back, all that is left where none is named; the same key again is one refund.

        Returns the sum, or None where there is not as much left.
        """
        if key not in self.refunds:
            left = self.amount.minor - self.refunded_minor
            wanted = left if minor is None else minor
            if not 0 < wanted <= left:
                return None
            self.refunds[key] = wanted
        return self.refunds[key]

    def move(self, status: Status, reason: str | None = None) -> bool:
        """Go to a state, unless it has ended; tells whether it did."""
        if not self.is_open:
            return False
        self.status, self.reason = status, reason
        return True


class Cards:
    """All payments, by id, and by the key that created each."""

    def __init__(self) -> None:
        self._payments: OrderedDict[str, CardPayment] = OrderedDict()
        self._by_key: dict[str, str] = {}

    def create(self, key: str | None, payment: CardPayment) -> CardPayment:
        """Add a payment; the same key again returns the first one."""
        known = self._payments.get(self._by_key.get(key or "", ""))
        if known is not None:
            return known
        self._payments[payment.id] = payment
        if key is not None:
            self._by_key[key] = payment.id
        while len(self._payments) > MOST_PAYMENTS:
            oldest, _ = self._payments.popitem(last=False)
            self._by_key = {one: of for one, of in self._by_key.items() if of != oldest}
        return payment

    def get(self, payment_id: str) -> CardPayment | None:
        """Return a payment."""
        return self._payments.get(payment_id)


def new_payment_id() -> str:
    """Return an id that nobody can guess, as the page asks for nothing else."""
    return f"card_{new_id().hex}"
