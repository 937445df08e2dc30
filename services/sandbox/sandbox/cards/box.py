"""Owns the simulated card provider's payments; knows nothing of HTTP.

Nothing is stored: a restart forgets all payments.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from kit.ids import derived_id, new_id
from kit.money import Money
from sandbox.cards.reversals import BankDispute, BankRefund, BankRefundStatus, DisputeStatus

MOST_PAYMENTS: Final = 10_000  # beyond it the oldest are dropped
MOST_REFUNDS, MOST_DISPUTES = 100, 20  # of one payment


class CardOutcome(StrEnum):
    """What the card's owner does; `delay` is a bank that confirms after a while."""

    SUCCESS = "success"
    DECLINE = "decline"
    DELAY = "delay"
    ABANDON = "abandon"


class CardPaymentStatus(StrEnum):
    """The status of a payment by card.

    `pending → processing → succeeded | failed`; `pending | processing → cancelled`.
    """

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_OPEN: Final = frozenset({CardPaymentStatus.PENDING, CardPaymentStatus.PROCESSING})
_INQUIRIES: Final = frozenset({DisputeStatus.WARNING, DisputeStatus.WARNING_CLOSED})


@dataclass(slots=True)
class CardPayment:
    """A payment at the provider; `charge_id` is the shop's id of it."""

    id: str
    amount: Money
    description: str
    return_url: str
    charge_id: UUID | None
    status: CardPaymentStatus = CardPaymentStatus.PENDING
    reason: str | None = None
    refunds: dict[str, BankRefund] = field(default_factory=dict)  # by Idempotency-Key
    disputes: list[BankDispute] = field(default_factory=list)
    refunds_go: BankRefundStatus = (
        BankRefundStatus.SUCCEEDED
    )  # the immediate status of refunds that the shop asks for

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.status in _OPEN

    @property
    def is_disputed(self) -> bool:
        """Whether it has a dispute that was more than an inquiry."""
        return any(one.status not in _INQUIRIES for one in self.disputes)

    @property
    def refunded_minor(self) -> int:
        """What was refunded, or is being refunded, in minor units."""
        sums = (
            one.minor for one in self.refunds.values() if one.status is not BankRefundStatus.FAILED
        )
        return sum(sums)

    @property
    def left_minor(self) -> int:
        """What is left after refunds and withdrawn disputes, in minor units."""
        taken = sum(one.minor for one in self.disputes if one.is_withdrawn)
        return self.amount.minor - self.refunded_minor - taken

    @property
    def is_full(self) -> bool:
        """Whether it has as many refunds or disputes as are kept."""
        return len(self.refunds) >= MOST_REFUNDS or len(self.disputes) >= MOST_DISPUTES

    def refund(
        self, key: str, minor: int | None, refund_id: UUID | None, status: BankRefundStatus
    ) -> BankRefund | None:
        """Refund a sum, by default all that is left.

        Returns the refund, or None if less is left.
        """
        wanted = self.left_minor if minor is None else minor
        if not 0 < wanted <= self.left_minor:
            return None
        name = f"refund_{derived_id(self.id, key).hex}"
        self.refunds[key] = made = BankRefund(name, wanted, status, refund_id)
        return made

    def dispute(self, minor: int | None, status: DisputeStatus, reason: str) -> BankDispute | None:
        """Open a dispute of a sum, by default of all that is left.

        A refunded sum can be disputed, too, but no sum twice; returns None if the sum is too large.
        """
        claimed = sum(one.minor for one in self.disputes if one.claims)
        wanted = min(self.left_minor, self.amount.minor - claimed) if minor is None else minor
        if not 0 < wanted <= self.amount.minor - claimed:
            return None
        opened = BankDispute(f"dispute_{new_id().hex}", wanted, status, reason)
        self.disputes.append(opened)
        return opened

    def move(self, status: CardPaymentStatus, reason: str | None = None) -> bool:
        """Set the status unless the payment has ended; tell whether it was set."""
        if not self.is_open:
            return False
        self.status, self.reason = status, reason
        return True


class Cards:
    """All payments, by id, and by the Idempotency-Key that created each."""

    def __init__(self) -> None:
        self._payments: OrderedDict[str, CardPayment] = OrderedDict()
        self._by_key: dict[str, str] = {}

    def create(self, key: str | None, payment: CardPayment) -> CardPayment | None:
        """Add a payment; a repeated key gets the first one, None if its sum differs."""
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
    """Return an id that nobody can guess, because the page asks for nothing else."""
    return f"card_{new_id().hex}"
