"""Which event tells what has just become of a payment, to other services and in the log."""

from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentEvent,
    PaymentFailed,
    PaymentPaid,
)
from kit.db import UnitOfWork
from kit.logs import get_logger
from kit.money import decimal_text
from payments.domain.payment import Payment, Status

log = get_logger(__name__)

_EVENTS: dict[Status, type[PaymentEvent]] = {
    Status.CREATED: PaymentCreated,
    Status.SCHEDULED: PaymentCreated,
    Status.PAID: PaymentPaid,
    Status.FAILED: PaymentFailed,
    Status.CANCELLED: PaymentCancelled,
}


def event_of(payment: Payment) -> PaymentEvent:
    """Return the event of the state that the payment has just reached; see contracts.payments."""
    times = {
        Status.CREATED: payment.created_at,
        Status.SCHEDULED: payment.created_at,
        Status.PAID: payment.paid_at,
        Status.FAILED: payment.failed_at,
        Status.CANCELLED: payment.cancelled_at,
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
    }
    return _EVENTS[payment.status].model_validate(known)


def tell(uow: UnitOfWork, payment: Payment) -> None:
    """Emit the event of the payment's new state under its version; once committed, log it."""
    event = event_of(payment)
    uow.emit(event, subject=str(payment.id), sequence=payment.version)
    uow.after_commit(
        lambda: log.info(
            event.type,
            payment_id=str(payment.id),
            amount=decimal_text(payment.amount_minor, payment.currency),
            currency=payment.currency,
            reason=payment.reason,
        )
    )
