"""Decides what pay and cancel may do to a payment; ladders end in the happy path."""

from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from kit.money import Money, decimal_text
from payments.domain.payment import Method, Payment, PaymentStatus
from payments.domain.reasons import status_label
from payments.refusals import (
    CaptureExceedsReservation,
    FixedPriceIsPaidWhole,
    OnlyPayerMayCancel,
    OnlyPayerMayPay,
    OnlyReservedMayBePaidInPart,
    PaymentAlreadyFinal,
    PaymentBeingCancelled,
    PaymentExpired,
    PaymentNotFound,
    ReservedIsPaidFromWallet,
)


class Pay(Enum):
    """Says what a request to pay does to the payment now."""

    START = auto()
    IS_ON_ITS_WAY = auto()


class Cancel(Enum):
    """Says what a request to cancel does to the payment now."""

    AT_ONCE = auto()
    BY_UNDOING = auto()


def visible_to(payment: Payment | None, user_id: UUID) -> Payment:
    """Return the payment to its payer or payee; to everybody else it does not exist."""
    if payment is None or not payment.is_between(user_id):
        raise PaymentNotFound
    return payment


def decide_pay(payment: Payment, caller_id: UUID, now: datetime) -> Pay:
    """Decide a request to pay a payment that is visible to the caller.

    A second one while the first is under way changes nothing.
    """
    if payment.payer_id != caller_id:
        raise OnlyPayerMayPay
    if payment.is_final:
        raise _already_final(payment)
    if payment.cancel_requested_at is not None:
        raise PaymentBeingCancelled
    if payment.status is PaymentStatus.PROCESSING:
        return Pay.IS_ON_ITS_WAY
    if payment.expires_at <= now:
        raise PaymentExpired
    return Pay.START


def decide_capture(payment: Payment, amount: str | None) -> Money:
    """Decide how much of a claimed payment is paid: all, or a part of a reserved one.

    A payment created for the price of a service is paid whole, by the price of that moment.
    """
    if payment.is_reserved and payment.method is Method.CARD:
        raise ReservedIsPaidFromWallet
    if amount is None:
        return Money(payment.amount_minor, payment.currency)
    if not payment.is_reserved:
        raise OnlyReservedMayBePaidInPart
    part = Money.parse(amount, payment.currency)
    if part.minor > payment.amount_minor:
        most = decimal_text(payment.amount_minor, payment.currency)
        raise CaptureExceedsReservation(most=most, currency=payment.currency)
    if payment.is_price_fixed and part.minor != payment.amount_minor:
        price = decimal_text(payment.amount_minor, payment.currency)
        raise FixedPriceIsPaidWhole(price=price, currency=payment.currency)
    return part


def decide_cancel(payment: Payment, caller_id: UUID) -> Cancel:
    """Decide a request to cancel a payment that is visible to the caller.

    Whether one under way can still be undone, its saga decides.
    """
    if payment.payer_id != caller_id:
        raise OnlyPayerMayCancel
    if payment.is_final:
        raise _already_final(payment)
    if payment.status is PaymentStatus.PROCESSING or payment.is_reserved:
        return Cancel.BY_UNDOING
    return Cancel.AT_ONCE


def _already_final(payment: Payment) -> PaymentAlreadyFinal:
    return PaymentAlreadyFinal(
        status=payment.status.value, status_ru=status_label(payment.status, "ru").lower()
    )
