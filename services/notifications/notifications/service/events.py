"""Stores notices and mails about events for the people concerned, in batches.

A new kind of news needs a function from its event to its notices, a line in `NOTICES_OF`, and its
texts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from contracts.auth import (
    ApiKeyInNewPlace,
    ConfirmationLimitsChanged,
    FactorChanged,
    UserChanged,
    UserLocked,
    UserRegistered,
)
from contracts.finance import BudgetReached, ExportFailed, ExportReady
from contracts.payments import (
    PaymentCancelled,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentEvent,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import MERCHANTS, FundsMoved
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from notifications.domain.mails import ALSO_MAILED, MOST_NEWS, NewMail
from notifications.domain.notices import NewNotice, NoticeKind
from notifications.domain.people import Person
from notifications.repository import Addresses, Deliveries, Endpoints, Mails, Notices, People

TOP_UP: Final = "top_up"  # wallet's kind of transfers that bring money in
_WHOLE: Final = 100  # per cent of a budget
_FACTORS: Final = {
    ("totp", True): NoticeKind.TOTP_ADDED,
    ("totp", False): NoticeKind.TOTP_REMOVED,
    ("passkey", True): NoticeKind.PASSKEY_ADDED,
    ("passkey", False): NoticeKind.PASSKEY_REMOVED,
}


async def remember_people(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store the newest version of each user; delete what deleted ones have."""
    newest: dict[UUID, Person] = {}
    for envelope in envelopes:
        event = envelope.message
        assert isinstance(event, UserRegistered | UserChanged)  # noqa: S101 - routed by type
        person = Person(
            event.user_id, event.username, event.status, envelope.sequence or 0, event.has_email
        )
        known = newest.get(person.user_id)
        if known is None or known.version < person.version:
            newest[person.user_id] = person
    await People(uow).remember(list(newest.values()))
    deleted = [person.user_id for person in newest.values() if person.is_deleted]
    if deleted:
        await Notices(uow).forget(deleted)
        await Mails(uow).forget(deleted)
        await Addresses(uow).forget(deleted)
        gone = await Endpoints(uow).delete_of(deleted, uow.clock.now())
        await Deliveries(uow).skip_waiting(uow.clock.now(), gone)


async def notify(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store the notices of these events, and the mails with the same news.

    An event that comes again changes nothing. Some events are for webhooks alone. Merchants are
    nobody who reads notices.
    """
    new = {
        _notice_id(envelope.id, turn): notice
        for envelope in envelopes
        if type(envelope.message) in NOTICES_OF
        for turn, notice in enumerate(NOTICES_OF[type(envelope.message)](envelope.message))
        if notice.user_id not in MERCHANTS
    }
    if new:
        await Notices(uow).add(new, uow.clock.now())
    mails = [NewMail.of(one) for one in new.values() if one.is_mailed and one.kind in ALSO_MAILED]
    if mails:
        await Mails(uow).add(mails, uow.clock.now(), MOST_NEWS)
        uow.after_commit(uow.wake_up.set)


def _notice_id(event_id: UUID, turn: int) -> UUID:
    """Return the id of an event's notice, the same however often the event comes.

    So nothing else has to be kept to know a repeated one, and functions that make notices keep
    their order for ever. Ids are ordered as the events' are.
    """
    return UUID(int=event_id.int ^ turn)


def _of_paid(event: PaymentPaid) -> Iterator[NewNotice]:
    yield _to_payer(event, NoticeKind.PAYMENT_PAID)
    yield _to_payee(event, NoticeKind.PAYMENT_RECEIVED)


def _of_failed(event: PaymentFailed) -> Iterator[NewNotice]:
    yield _to_payer(event, NoticeKind.PAYMENT_FAILED, reason=event.reason)
    yield _to_payee(event, NoticeKind.INCOMING_PAYMENT_FAILED)


def _of_cancelled(event: PaymentCancelled) -> Iterator[NewNotice]:
    yield _to_payer(event, NoticeKind.PAYMENT_CANCELLED, reason=event.reason)
    yield _to_payee(event, NoticeKind.INCOMING_PAYMENT_CANCELLED)


def _of_refunded(event: PaymentRefunded) -> Iterator[NewNotice]:
    for notice in (
        _to_payer(event, NoticeKind.REFUND_RECEIVED),
        _to_payee(event, NoticeKind.REFUND_MADE),
    ):
        yield replace(notice, occasion_id=event.refund_id)


def _of_failed_refund(event: PaymentRefundFailed) -> Iterator[NewNotice]:
    for notice in (
        _to_payer(event, NoticeKind.REFUND_FAILED),
        _to_payee(event, NoticeKind.REFUND_RETURNED),
    ):
        yield replace(notice, occasion_id=event.refund_id)


def _of_disputed(event: PaymentDisputed) -> Iterator[NewNotice]:
    """Yield a notice to the payee only: the payer disputes, and hears from the bank."""
    notice = _to_payee(event, NoticeKind.PAYMENT_DISPUTED)
    facts = {**notice.facts, "dispute_reason": event.reason}
    yield replace(notice, occasion_id=event.dispute_id, facts=facts)


def _of_closed_dispute(event: PaymentDisputeClosed) -> Iterator[NewNotice]:
    kind = NoticeKind.DISPUTE_WON if event.outcome == "won" else NoticeKind.DISPUTE_LOST
    yield replace(_to_payee(event, kind), occasion_id=event.dispute_id)


def _of_funds(event: FundsMoved) -> Iterator[NewNotice]:
    """Yield a notice of money from outside; payments' own events cover the rest."""
    if event.kind != TOP_UP:
        return
    for entry in event.entries:
        if entry.owner_id is not None and entry.amount_minor > 0:
            facts = {"amount_minor": entry.amount_minor, "currency": event.currency}
            yield NewNotice(
                user_id=entry.owner_id,
                kind=NoticeKind.WALLET_TOPPED_UP,
                subject_id=event.transfer_id,
                other_id=None,
                facts=facts,
            )


def _of_locked(event: UserLocked) -> Iterator[NewNotice]:
    yield NewNotice(
        user_id=event.user_id,
        kind=NoticeKind.LOGIN_LOCKED,
        subject_id=event.user_id,
        other_id=None,
        facts={"until": event.until.isoformat()},
        occasion_id=event.lock_id,
    )


def _of_new_place(event: ApiKeyInNewPlace) -> Iterator[NewNotice]:
    yield NewNotice(
        user_id=event.user_id,
        kind=NoticeKind.API_KEY_IN_NEW_PLACE,
        subject_id=event.key_id,
        other_id=None,
        facts={"hint": event.hint},
        occasion_id=event.use_id,
    )


def _of_factor(event: FactorChanged) -> Iterator[NewNotice]:
    yield _of_change(event, _FACTORS[event.factor, event.is_added])


def _of_limits(event: ConfirmationLimitsChanged) -> Iterator[NewNotice]:
    yield _of_change(event, NoticeKind.CONFIRMATION_LIMITS_CHANGED)


def _of_change(event: FactorChanged | ConfirmationLimitsChanged, kind: NoticeKind) -> NewNotice:
    return NewNotice(
        user_id=event.user_id,
        kind=kind,
        subject_id=event.user_id,
        other_id=None,
        facts={},
        occasion_id=event.change_id,
    )


def _of_ready_export(event: ExportReady) -> Iterator[NewNotice]:
    yield _of_export(event, NoticeKind.EXPORT_READY, rows=event.rows)


def _of_failed_export(event: ExportFailed) -> Iterator[NewNotice]:
    yield _of_export(event, NoticeKind.EXPORT_FAILED)


def _of_export(event: ExportReady | ExportFailed, kind: NoticeKind, **more: int) -> NewNotice:
    return NewNotice(
        user_id=event.user_id,
        kind=kind,
        subject_id=event.export_id,
        other_id=None,
        facts={"format": event.format, **more},
        is_mailed=event.is_mailed,
    )


def _of_budget(event: BudgetReached) -> Iterator[NewNotice]:
    is_used = event.threshold >= _WHOLE
    yield NewNotice(
        user_id=event.user_id,
        kind=NoticeKind.BUDGET_USED if is_used else NoticeKind.BUDGET_NEARLY_USED,
        subject_id=event.budget_id,
        other_id=None,
        facts={
            "amount_minor": event.used_minor,
            "available_minor": event.available_minor,
            "currency": event.currency,
            "category": event.category,
            "month": f"{event.month:%Y-%m}",
        },
    )


def _to_payer(event: PaymentEvent, kind: NoticeKind, **more: str) -> NewNotice:
    return _of_payment(event, kind, event.payer_id, event.payee_id, more)


def _to_payee(event: PaymentEvent, kind: NoticeKind) -> NewNotice:
    """Return the payee's notice, without the reason: it may say what the payer lacks."""
    return _of_payment(event, kind, event.payee_id, event.payer_id, {})


def _of_payment(
    event: PaymentEvent, kind: NoticeKind, to: UUID, other: UUID, more: Mapping[str, str]
) -> NewNotice:
    # For a payment that was paid in part, people see the part.
    paid_minor = event.paid_minor if isinstance(event, PaymentPaid) else None
    amount_minor = event.amount_minor if paid_minor is None else paid_minor
    facts = {"amount_minor": amount_minor, "currency": event.currency, **more}
    return NewNotice(
        user_id=to,
        kind=kind,
        subject_id=event.payment_id,
        other_id=other,
        facts=facts,
    )


NOTICES_OF: Final[Mapping[type, Callable[[Any], Iterator[NewNotice]]]] = {
    PaymentPaid: _of_paid,
    PaymentFailed: _of_failed,
    PaymentCancelled: _of_cancelled,
    PaymentRefunded: _of_refunded,
    PaymentRefundFailed: _of_failed_refund,
    PaymentDisputed: _of_disputed,
    PaymentDisputeClosed: _of_closed_dispute,
    FundsMoved: _of_funds,
    UserLocked: _of_locked,
    ApiKeyInNewPlace: _of_new_place,
    FactorChanged: _of_factor,
    ConfirmationLimitsChanged: _of_limits,
    ExportReady: _of_ready_export,
    ExportFailed: _of_failed_export,
    BudgetReached: _of_budget,
}
