"""Defines what services ask for on merchants' behalf, and decides about returns."""

from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from payments.domain.payment import Payment, PaymentStatus
from payments.domain.refunds import Unrefundable


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantPayment:
    """A payment as a service has asked for it, for a merchant.

    Attributes:
        asker: The service to answer; None where it wants no answer.
        subject: What of the service's has asked.
        take_id: The command to take it; None where it was to be returned before that came.
        return_id: The latest command to return it.
        refusal: Why there is no such payment.
    """

    payment_id: UUID
    asker: str | None
    subject: str
    take_id: UUID | None = None
    return_id: UUID | None = None
    refusal: str | None = None

    @property
    def taken_by(self) -> UUID:
        """The command to take it; wherever it was taken there is one."""
        assert self.take_id is not None, "it was never to be taken"  # noqa: S101
        return self.take_id

    @property
    def returned_by(self) -> UUID:
        """The command to return it; wherever it goes back there is one."""
        assert self.return_id is not None, "nobody wants it back"  # noqa: S101
        return self.return_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantRefund:
    """A refund as a service has asked for it; ``refusal`` says why there is none."""

    refund_id: UUID
    asker: str | None
    subject: str
    command_id: UUID
    refusal: str | None = None


class ReturnStep(Enum):
    """Says what comes next of a payment that is taken back from a merchant."""

    IS_DONE = auto()
    REFUND = auto()
    WAIT = auto()


def decide_take_back(ended: Payment, taken: Unrefundable, *, is_refunding: bool) -> ReturnStep:
    """Decide how a payment that has ended is taken back from a merchant.

    ``taken`` is what can't be refunded, ``is_refunding`` that a refund is under way. What a lost
    dispute has taken is the merchant's no more; an open one may still be won.
    """
    if ended.paid_minor is None or ended.status is PaymentStatus.REFUNDED:
        return ReturnStep.IS_DONE
    left = ended.paid_minor - ended.refunded_minor - taken.pending_minor
    if left > taken.disputed_minor:
        return ReturnStep.REFUND
    is_open = taken.disputed_minor > 0 and ended.dispute_outcome != "lost"
    return ReturnStep.WAIT if is_refunding or taken.pending_minor or is_open else ReturnStep.IS_DONE
