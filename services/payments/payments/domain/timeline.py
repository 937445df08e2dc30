"""Tells the story of a payment from what is stored: its row, its saga's log, entries, webhooks.

Pure: what the parts are called for people stands in ``story_words``. A payee is told what concerns
them: that the payment came, went on and ended, and the entry in their own wallet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from payments.domain.card_refunds import CardRefundStatus, GivenBack, Origin
from payments.domain.disputes import Dispute
from payments.domain.payment import Payment
from payments.domain.provider_faults import ProviderFault
from payments.domain.reasons import CANCELLED_BY_PAYER
from payments.domain.refunds import Refund, RefundOrigin
from payments.domain.tries import Try

# Of the saga's log what people are told, and under which code; the rest is for operators.
STEP_CODES: Final[Mapping[str, str]] = {
    "asked": "asked",
    "asked_again": "asked_again",
    "done": "done",
    "refused": "refused",
    "timed_out": "timed_out",
    "undo_wanted": "undo_wanted",
    "asked_to_undo": "undo_asked",
    "undone": "undone",
    "operator_retry": "operator_acted",
    "operator_skip": "operator_acted",
    "operator_undo": "operator_acted",
    "operator_force": "operator_acted",
}
_REFUNDS_BEGIN: Final = {
    RefundOrigin.REQUEST: "refund",
    RefundOrigin.PROVIDER: "refund_at_provider",
}
_RETURN_ENDS: Final = {
    CardRefundStatus.DONE: "returned",
    CardRefundStatus.REFUSED: "refused",
    CardRefundStatus.DROPPED: "dropped",
}
# The detail of these is a reason; of the others it is for operators, or nothing.
_WITH_REASON: Final = frozenset({"refused", "timed_out", "undo_wanted"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Something was asked for: created, pay or (by its time) due, cancel, refund."""

    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """The saga went on: a step was asked, done, refused, taken back."""

    at: datetime
    code: str
    step: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A verification service was asked."""

    at: datetime
    made: Try


@dataclass(frozen=True, slots=True)
class Told:
    """An event went out to other services."""

    at: datetime
    code: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Leg:
    """An entry of a transfer as wallet tells it; ``owner_id`` is None for the house's accounts."""

    account_id: UUID
    owner_id: UUID | None
    seq: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Posting:
    """A transfer as wallet tells it, with its entries."""

    id: UUID
    currency: str
    posted_at: datetime
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """The ledger has an entry. Of somebody else's account only the amount is told."""

    at: datetime
    code: str  # debit or credit
    transfer_id: UUID
    amount_minor: int
    currency: str
    wallet_id: UUID | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An attempt to tell an endpoint of the viewer's, as notifications tells it.

    Attributes:
        type: The webhook's own, such as ``payment.paid``; ``sequence`` is the payment's event.
        number: Which attempt of that delivery, from 1.
        error: A stable code where there was no answer.
    """

    at: datetime
    type: str
    sequence: int
    number: int
    endpoint_host: str
    milliseconds: int
    status_code: int | None
    error: str | None

    @property
    def code(self) -> str:
        """Whether it was taken."""
        is_taken = self.status_code is not None and 200 <= self.status_code < 300  # noqa: PLR2004
        return "delivered" if is_taken else "not_delivered"


@dataclass(frozen=True, slots=True)
class Disputed:
    """Something became of a dispute of the card that paid.

    Attributes:
        code: opened, withdrawn, reinstated, closed, won or lost.
        reason: The provider's word for why, where it is opened.
    """

    at: datetime
    code: str
    amount_minor: int
    currency: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """Something became of a card's money that goes back, as nobody was paid by it.

    Attributes:
        code: begun, made_at_provider, returned, refused (it lies at the provider) or dropped.
    """

    at: datetime
    code: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Faulted:
    """A provider of card payments was asked for something, and did not do it; told to admins."""

    at: datetime
    provider: str
    asked: str
    fault: ProviderFault

    @property
    def code(self) -> str:
        """Whether it said no, failed, or said nothing."""
        if self.fault.status is None:
            return "no_answer" if self.fault.code is None else "refused"
        return "refused" if 400 <= self.fault.status < 500 else "failed"  # noqa: PLR2004


Moment = Asked | Stepped | Tried | Told | Entered | Webhook | Disputed | Returned | Faulted


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known beside the payment's row; ``faults`` only where an admin looks."""

    log: Iterable[Mapping[str, Any]] = ()
    postings: Iterable[Posting] = ()
    refunds: Sequence[Refund] = ()
    webhooks: Iterable[Webhook] = ()
    disputes: Sequence[Dispute] = ()
    returns: Sequence[GivenBack] = ()
    faults: Iterable[Faulted] = ()


def tell_story(payment: Payment, viewer_id: UUID, sources: Sources) -> list[Moment]:
    """Return what the viewer is told, in order of time; what has one time stays in this order."""
    is_payer = viewer_id == payment.payer_id
    moments: list[Moment] = list(_requests(payment, is_payer=is_payer))
    if is_payer:
        moments += _steps(sources.log)
        for back in sources.returns:
            moments += _of_return(back, payment.currency)
    moments += (
        Asked(refund.created_at, _REFUNDS_BEGIN[refund.origin]) for refund in sources.refunds
    )
    if not is_payer:
        moments += _refused(sources.refunds)
    for posting in sources.postings:
        moments += _entries(posting, viewer_id, is_payer=is_payer)
    for dispute in sources.disputes:
        moments += _of_dispute(dispute, payment.currency)
    moments += _messages(payment, sources)
    moments += sources.webhooks
    moments += sources.faults
    return sorted(moments, key=lambda moment: moment.at)


def _requests(payment: Payment, *, is_payer: bool) -> Iterator[Moment]:
    yield Asked(payment.created_at, "created")
    if payment.processing_at is not None:
        yield Asked(payment.processing_at, "pay" if payment.execute_at is None else "due")
    asked_at = payment.cancel_requested_at
    if asked_at is None and payment.reason == CANCELLED_BY_PAYER:
        asked_at = payment.cancelled_at
    if asked_at is not None and is_payer:
        yield Asked(asked_at, "cancel")


def _steps(log: Iterable[Mapping[str, Any]]) -> Iterator[Moment]:
    for line in log:
        at, entry, step, detail = line["at"], line["entry"], line["step"], line["detail"]
        if entry == "noted" and (made := Try.read(detail)) is not None:
            yield Tried(at, made)
        elif entry in STEP_CODES and step is not None:
            yield Stepped(at, STEP_CODES[entry], step, detail if entry in _WITH_REASON else None)


def _refused(refunds: Iterable[Refund]) -> Iterator[Moment]:
    for refund in refunds:
        if refund.failed_at is not None:
            yield Stepped(refund.failed_at, "refused", "refund", refund.failure_reason)


def _entries(posting: Posting, viewer_id: UUID, *, is_payer: bool) -> Iterator[Moment]:
    for leg in posting.legs:
        is_own = leg.owner_id == viewer_id
        if is_own or is_payer:
            yield Entered(
                posting.posted_at,
                "debit" if leg.amount_minor < 0 else "credit",
                posting.id,
                leg.amount_minor,
                posting.currency,
                wallet_id=leg.account_id if is_own else None,
                seq=leg.seq if is_own else None,
            )


def _of_dispute(dispute: Dispute, currency: str) -> Iterator[Moment]:
    reached: Sequence[tuple[str, datetime | None]] = (
        ("opened", dispute.opened_at),
        ("withdrawn", dispute.withdrawn_at),
        ("reinstated", dispute.reinstated_at),
        (dispute.outcome or "closed", dispute.closed_at),
    )
    for code, at in reached:
        if at is not None:
            reason = dispute.reason if code == "opened" else None
            yield Disputed(at, code, dispute.amount_minor, currency, reason)


def _of_return(back: GivenBack, currency: str) -> Iterator[Moment]:
    refund = back.refund
    begun = "made_at_provider" if refund.origin is Origin.PROVIDER else "begun"
    yield Returned(back.begun_at, begun, refund.amount_minor, currency)
    if refund.status in _RETURN_ENDS:
        code = _RETURN_ENDS[refund.status]
        yield Returned(back.changed_at, code, refund.amount_minor, currency)


def _messages(payment: Payment, sources: Sources) -> Iterator[Moment]:
    """Yield the events told: of states, refunds and disputes, numbered as they were told."""
    reached: Sequence[tuple[str, datetime | None]] = (
        ("payment_created", payment.created_at),
        ("payment_paid", payment.paid_at),
        ("payment_failed", payment.failed_at),
        ("payment_cancelled", payment.cancelled_at),
    )
    told = [(code, at) for code, at in reached if at is not None]
    for sequence, (code, at) in enumerate(told, start=1):
        yield Told(at, code, sequence)
    later = sorted(_told_later(sources), key=lambda one: one[1])
    # Of very many refunds only the newest are here: they have the highest numbers.
    before = max(len(told), payment.version - len(later))
    for sequence, (code, at) in enumerate(later, start=before + 1):
        yield Told(at, code, sequence)


def _told_later(sources: Sources) -> Iterator[tuple[str, datetime]]:
    """Yield what is told of a payment that has ended; at one time, in the order of telling."""
    for refund in sources.refunds:
        if refund.completed_at is not None and refund.failed_at is not None:
            yield "payment_refund_failed", refund.failed_at
    for refund in sources.refunds:
        if refund.completed_at is not None:
            yield "payment_refunded", refund.completed_at
    for dispute in sources.disputes:
        if dispute.told_at is not None:
            yield "payment_disputed", dispute.told_at
        if dispute.end_told_at is not None:
            yield "payment_dispute_closed", dispute.end_told_at
