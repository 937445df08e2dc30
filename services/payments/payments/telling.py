"""Which event tells what has just become of a payment."""

from contracts.payments import (
    PaymentCancelled,
    PaymentCreated,
    PaymentEvent,
    PaymentFailed,
    PaymentPaid,
)
from kit.db import UnitOfWork
from payments.domain.payment import Payment, Status

_EVENTS: dict[Status, type[PaymentEvent]] = {
    Status.CREATED: PaymentCreated,
    Status.PAID: PaymentPaid,
    Status.FAILED: PaymentFailed,
    Status.CANCELLED: PaymentCancelled,
}


def event_of(payment: Payment) -> PaymentEvent:
    """Return the event of the state that the payment has just reached; see contracts.payments."""
    times = {
        Status.CREATED: payment.created_at,
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
        "reason": payment.reason,
    }
    return _EVENTS[payment.status].model_validate(known)


def tell(uow: UnitOfWork, payment: Payment) -> None:
    """Emit the event of the payment's new state under its version."""
    uow.emit(event_of(payment), subject=str(payment.id), sequence=payment.version)
