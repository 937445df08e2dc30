"""Owns the simulated card provider's payments and their states; knows nothing of HTTP.

Nothing is kept: a restart forgets them all.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.ids import derived_id, new_id
from kit.money import Money
from sandbox.cards.reversals import BankDispute, BankRefund, BankRefundStatus, DisputeStatus

MOST_PAYMENTS: Final = 10_000  # the oldest are forgotten
MOST_REFUNDS, MOST_DISPUTES = 100, 20  # of one payment


class CardOutcome(StrEnum):
    """What the owner of the card does; ``delay`` is a bank that takes its time, then says yes."""

    SUCCESS = "success"
    DECLINE = "decline"
    DELAY = "delay"
    ABANDON = "abandon"


class CardPaymentStatus(StrEnum):
    """``pending → processing → succeeded | failed``; ``pending | processing → cancelled``."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OPEN: Final = frozenset({CardPaymentStatus.PENDING, CardPaymentStatus.PROCESSING})
_INQUIRIES: Final = frozenset({DisputeStatus.WARNING, DisputeStatus.WARNING_CLOSED})


@dataclass(slots=True)
class CardPayment:
    """One payment at the provider; ``charge_id`` is what the shop calls it."""

    id: str
    amount: Money
    description: str
    return_url: str
    charge_id: UUID | None
    status: CardPaymentStatus = CardPaymentStatus.PENDING
    reason: str | None = None
    refunds: dict[str, BankRefund] = field(default_factory=dict)  # by the key that asked for each
    disputes: list[BankDispute] = field(default_factory=list)
    refunds_go: BankRefundStatus = (
        BankRefundStatus.SUCCEEDED
    )  # what becomes at once of those asked for

    @property
    def is_open(self) -> bool:
        """Tell whether its end is open."""
        return self.status in _OPEN

    @property
    def is_disputed(self) -> bool:
        """Tell whether its card's owner has ever wanted money back through the bank."""
        return any(one.status not in _INQUIRIES for one in self.disputes)

    @property
    def refunded_minor(self) -> int:
        """What has gone back of it, or is on its way."""
        sums = (
            one.minor for one in self.refunds.values() if one.status is not BankRefundStatus.FAILED
        )
        return sum(sums)

    @property
    def left_minor(self) -> int:
        """What has not gone back in either way."""
        taken = sum(one.minor for one in self.disputes if one.is_withdrawn)
        return self.amount.minor - self.refunded_minor - taken

    @property
    def is_full(self) -> bool:
        """Tell whether no more refunds and disputes of it are kept."""
        return len(self.refunds) >= MOST_REFUNDS or len(self.disputes) >= MOST_DISPUTES

    def refund(
        self, key: str, minor: int | None, refund_id: UUID | None, status: BankRefundStatus
    ) -> BankRefund | None:
        """Give a sum back, all that is left where none is named.

        Returns the refund, or None where there is not as much left.
        """
        wanted = self.left_minor if minor is None else minor
        if not 0 < wanted <= self.left_minor:
            return None
        name = f"refund_{derived_id(self.id, key).hex}"
        self.refunds[key] = made = BankRefund(name, wanted, status, refund_id)
        return made

    def dispute(self, minor: int | None, status: DisputeStatus, reason: str) -> BankDispute | None:
        """Open a dispute of a sum, of all that is left where none is named.

        Also what has gone back by a refund can be disputed, nothing twice; None where that is so.
        """
        claimed = sum(one.minor for one in self.disputes if one.claims)
        wanted = min(self.left_minor, self.amount.minor - claimed) if minor is None else minor
        if not 0 < wanted <= self.amount.minor - claimed:
            return None
        opened = BankDispute(f"dispute_{new_id().hex}", wanted, status, reason)
        self.disputes.append(opened)
        return opened

    def move(self, status: CardPaymentStatus, reason: str | None = None) -> bool:
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

    def create(self, key: str | None, payment: CardPayment) -> CardPayment | None:
        """Add a payment; the same key again returns the first one, None if that was another."""
        known = self._payments.get(self._by_key.get(key or "", ""))
        if known is not None:
            return known if known.amount == payment.amount else None
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
