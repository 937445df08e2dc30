"""Orders all that is stored about a payment by time, as moments of its timeline.

Pure: ``words`` says what people read. A payee is shown what concerns them: that the payment came,
went on and ended, and the entry in their own wallet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from payments.domain.cards.disputes import Dispute
from payments.domain.cards.provider_faults import ProviderFault
from payments.domain.cards.refunds import CardRefundOrigin, CardRefundStatus, GivenBack
from payments.domain.payment import Payment
from payments.domain.reasons import CANCELLED_BY_PAYER
from payments.domain.refunds import Refund, RefundOrigin
from payments.domain.tries import Try

# The entries of the saga's log that people see, and their codes; the rest is for operators.
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
# The detail of these entries is a reason; that of the others is for operators, or empty.
_WITH_REASON: Final = frozenset({"refused", "timed_out", "undo_wanted"})


@dataclass(frozen=True, slots=True)
class Requested:
    """Something was asked for: created, pay or (by its time) due, cancel, refund."""

    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step of the saga was asked, done, refused or undone."""

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
class EventSent:
    """An event was sent to other services."""

    at: datetime
    code: str
    sequence: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry of a transfer as wallet tells it; the house's have no ``owner_id``."""

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
    legs: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry in the ledger; of another's account only the amount is shown."""

    at: datetime
    code: str  # debit or credit
    transfer_id: UUID
    amount_minor: int
    currency: str
    wallet_id: UUID | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class WebhookTried:
    """An attempt to call an endpoint of the viewer's, as notifications tells it.

    Attributes:
        type: The webhook's own, such as ``payment.paid``; ``sequence`` is the payment's event.
        number: The number of the attempt at that delivery, from 1.
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
        """Whether the endpoint took it."""
        is_taken = self.status_code is not None and 200 <= self.status_code < 300  # noqa: PLR2004
        return "delivered" if is_taken else "not_delivered"


@dataclass(frozen=True, slots=True)
class Disputed:
    """A dispute of the card that paid changed.

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
    """A return changed: money that paid nobody goes back to its card.

    Attributes:
        code: begun, made_at_provider, returned, refused (it stays at the provider) or dropped.
    """

    at: datetime
    code: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Faulted:
    """A card provider was asked for something and did not do it; shown to admins only."""

    at: datetime
    provider: str
    asked: str
    fault: ProviderFault

    @property
    def code(self) -> str:
        """Whether the provider refused, failed, or did not answer."""
        if self.fault.status is None:
            return "no_answer" if self.fault.code is None else "refused"
        return "refused" if 400 <= self.fault.status < 500 else "failed"  # noqa: PLR2004


TimelineMoment = (
    Requested | Stepped | Tried | EventSent | Entered | WebhookTried | Disputed | Returned | Faulted
)


@dataclass(frozen=True, slots=True)
class Sources:
    """What is known besides the payment's row; ``faults`` only where an admin looks."""

    log: Iterable[Mapping[str, Any]] = ()
    postings: Iterable[Posting] = ()
    refunds: Sequence[Refund] = ()
    webhooks: Iterable[WebhookTried] = ()
    disputes: Sequence[Dispute] = ()
    returns: Sequence[GivenBack] = ()
    faults: Iterable[Faulted] = ()


def tell_story(payment: Payment, viewer_id: UUID, sources: Sources) -> list[TimelineMoment]:
    """Return the moments that the viewer may see, by time; ties keep this order."""
    is_payer = viewer_id == payment.payer_id
    moments: list[TimelineMoment] = list(_requests(payment, is_payer=is_payer))
    if is_payer:
        moments += _steps(sources.log)
        for back in sources.returns:
            moments += _of_return(back, payment.currency)
    moments += (
        Requested(refund.created_at, _REFUNDS_BEGIN[refund.origin]) for refund in sources.refunds
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


def _requests(payment: Payment, *, is_payer: bool) -> Iterator[TimelineMoment]:
    yield Requested(payment.created_at, "created")
    if payment.processing_at is not None:
        yield Requested(payment.processing_at, "pay" if payment.execute_at is None else "due")
    asked_at = payment.cancel_requested_at
    if asked_at is None and payment.reason == CANCELLED_BY_PAYER:
        asked_at = payment.cancelled_at
    if asked_at is not None and is_payer:
        yield Requested(asked_at, "cancel")


def _steps(log: Iterable[Mapping[str, Any]]) -> Iterator[TimelineMoment]:
    for line in log:
        at, entry, step, detail = line["at"], line["entry"], line["step"], line["detail"]
        if entry == "noted" and (made := Try.read(detail)) is not None:
            yield Tried(at, made)
        elif entry in STEP_CODES and step is not None:
            yield Stepped(at, STEP_CODES[entry], step, detail if entry in _WITH_REASON else None)


def _refused(refunds: Iterable[Refund]) -> Iterator[TimelineMoment]:
    for refund in refunds:
        if refund.failed_at is not None:
            yield Stepped(refund.failed_at, "refused", "refund", refund.failure_reason)


def _entries(posting: Posting, viewer_id: UUID, *, is_payer: bool) -> Iterator[TimelineMoment]:
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


def _of_dispute(dispute: Dispute, currency: str) -> Iterator[TimelineMoment]:
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


def _of_return(back: GivenBack, currency: str) -> Iterator[TimelineMoment]:
    refund = back.refund
    begun = "made_at_provider" if refund.origin is CardRefundOrigin.PROVIDER else "begun"
    yield Returned(back.begun_at, begun, refund.amount_minor, currency)
    if refund.status in _RETURN_ENDS:
        code = _RETURN_ENDS[refund.status]
        yield Returned(back.changed_at, code, refund.amount_minor, currency)


def _messages(payment: Payment, sources: Sources) -> Iterator[TimelineMoment]:
    """Yield the events of states, refunds and disputes, numbered as they were sent."""
    reached: Sequence[tuple[str, datetime | None]] = (
        ("payment_created", payment.created_at),
        ("payment_paid", payment.paid_at),
        ("payment_failed", payment.failed_at),
        ("payment_cancelled", payment.cancelled_at),
    )
    told = [(code, at) for code, at in reached if at is not None]
    for sequence, (code, at) in enumerate(told, start=1):
        yield EventSent(at, code, sequence)
    later = sorted(_told_later(sources), key=lambda one: one[1])
    # If there are very many refunds, only the newest are here: they have the highest numbers.
    before = max(len(told), payment.version - len(later))
    for sequence, (code, at) in enumerate(later, start=before + 1):
        yield EventSent(at, code, sequence)


def _told_later(sources: Sources) -> Iterator[tuple[str, datetime]]:
    """Yield the events after the payment's end; those of one time as they were sent."""
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
