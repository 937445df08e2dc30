"""Emits and logs the events of what has become of a payment."""

from msgspec import convert

from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentDisputeClosed,
    PaymentDisputed,
    PaymentEvent,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
    PaymentRefundFailed,
)
from contracts.wallet import PostedTransfer
from kit.db import UnitOfWork
from kit.logs import get_logger
from kit.messaging.outbox import emit
from kit.money import decimal_text
from payments.domain.cards.disputes import Dispute
from payments.domain.payment import Payment, PaymentStatus
from payments.domain.refunds import Refund, RefundStatus

log = get_logger(__name__)

_EVENTS: dict[PaymentStatus, type[PaymentEvent]] = {
    PaymentStatus.CREATED: PaymentCreated,
    PaymentStatus.SCHEDULED: PaymentCreated,
    PaymentStatus.PAID: PaymentPaid,
    PaymentStatus.FAILED: PaymentFailed,
    PaymentStatus.CANCELLED: PaymentCancelled,
}


def event_of(payment: Payment, movement: PostedTransfer | None = None) -> PaymentEvent:
    """Return the event of the state that the payment has just reached.

    See contracts.payments. ``movement`` is told of with a payment that was paid.
    """
    times = {
        PaymentStatus.CREATED: payment.created_at,
        PaymentStatus.SCHEDULED: payment.created_at,
        PaymentStatus.PAID: payment.paid_at,
        PaymentStatus.FAILED: payment.failed_at,
        PaymentStatus.CANCELLED: payment.cancelled_at,
    }
    known = {
        "payment_id": payment.id,
        "payer_id": payment.payer_id,
        "payee_id": payment.payee_id,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "at": times[payment.status],
        "transfer_id": payment.transfer_id,
        "paid_minor": payment.paid_minor,
        "reason": payment.reason,
        "movement": movement,
    }
    return convert(known, _EVENTS[payment.status])


def tell(
    uow: UnitOfWork,
    payment: Payment,
    movement: PostedTransfer | None = None,
    *,
    is_heard: bool = True,
) -> None:
    """Emit the event of the payment's new state under its version; log it once stored.

    Without ``is_heard`` nobody wants the event, so that it is only logged.
    """
    if is_heard:
        event = event_of(payment, movement)
        emit(uow, event, subject=str(payment.id), sequence=payment.version)
    else:
        uow.after_commit(uow.wake_up.set)  # streams, and the loop that looks after schedules
    uow.after_commit(
        lambda: log.info(
            _EVENTS[payment.status].type,
            payment_id=str(payment.id),
            amount=decimal_text(payment.amount_minor, payment.currency),
            currency=payment.currency,
            reason=payment.reason,
        )
    )


def refund_event(refund: Refund, payment: Payment, back_minor: int) -> PaymentEvent:
    """Return the event of a refund that was completed, or that failed after that.

    ``back_minor`` is how much of the payment has gone back by now, in minor units.
    """
    known = {
        "payment_id": payment.id,
        "payer_id": payment.payer_id,
        "payee_id": payment.payee_id,
        "amount_minor": refund.amount_minor,
        "currency": payment.currency,
        "refund_id": refund.id,
        "refunded_minor": back_minor,
    }
    if refund.status is RefundStatus.FAILED:
        return convert(
            {**known, "at": refund.failed_at, "reason": refund.failure_reason},
            PaymentRefundFailed,
        )
    return convert(
        {
            **known,
            "at": refund.completed_at,
            "transfer_id": refund.transfer_id,
            "is_full": back_minor == payment.paid_minor,
            "status": payment.status.value,
        },
        PaymentRefunded,
    )


def dispute_event(
    dispute: Dispute, payment: Payment, provider: str, *, is_end: bool
) -> PaymentEvent:
    """Return the event of a dispute that began, or ended."""
    known = {
        "payment_id": payment.id,
        "payer_id": payment.payer_id,
        "payee_id": payment.payee_id,
        "amount_minor": dispute.amount_minor,
        "currency": payment.currency,
        "status": payment.status.value,
        "dispute_id": dispute.id,
    }
    if is_end:
        return convert(
            {**known, "at": dispute.end_told_at, "outcome": dispute.outcome}, PaymentDisputeClosed
        )
    return convert(
        {**known, "at": dispute.told_at, "provider": provider, "reason": dispute.reason},
        PaymentDisputed,
    )
