"""Defines a payment and its states; other modules of this room decide changes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias
from uuid import UUID

from msgspec import Struct

Scalar: TypeAlias = str | int | bool | None


class PaymentStatus(StrEnum):
    """The states of a payment.

    ``created → processing → paid | failed``; ``created | processing → cancelled``. ``scheduled``
    goes to ``processing`` at its time, or to ``cancelled`` before it; ``refunded`` follows ``paid``
    once all of it has gone back.
    """

    SCHEDULED = "scheduled"
    CREATED = "created"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Method(StrEnum):
    """Where the payer's money comes from."""

    WALLET = "wallet"
    CARD = "card"


FINAL: Final = frozenset(
    {PaymentStatus.PAID, PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.REFUNDED}
)


class Payment(Struct, frozen=True):
    """A payment as stored; a struct, which is made in a third of the time.

    Attributes:
        amount_minor: Integer minor units of ``currency``, above zero.
        payer_account_id: The wallet the payer named; None means the default one of the currency.
        payee_account_id: The wallet the payee was named by; None as above.
        payer_username: For display, None while unknown or where the user has none.
        payee_username: As ``payer_username``.
        reason: Why it failed or was cancelled, a stable code of ``domain/reasons.py``.
        transfer_id: The wallet's transfer, once paid.
        version: Events told so far; the sequence of the latest one.
        expires_at: When an unpaid payment is cancelled.
        cancel_requested_at: When the payer asked to cancel a payment under way.
        paid_at: When it became paid; likewise ``failed_at``, ``cancelled_at``, ``refunded_at``.
        service_id: The paid service it was addressed to, if any; ``service_name`` is for display.
        execute_at: When a scheduled payment is paid by itself.
        is_reserved: Whether the money is set aside at creation, to be captured when it is paid.
        reserved_at: When that was done.
        paid_minor: What was captured, once paid; at most ``amount_minor``.
        refunded_minor: How much of it has gone back, or is on its way back.
        disputed_at: When its card's owner began to want it back from their bank.
        disputed_minor: How much is disputed, see ``summary_of``; ``dispute_outcome`` is what was
            decided.
        counted_on: The day it was counted in, where its payer's days are limited.
        lines: What it is for: the facts of each ``ReceiptLine`` of ``domain/cards/receipts.py``.
        counted_minor: What was counted then; given back if the payment fails or is cancelled.
        is_price_fixed: Whether it was created for the price of a service: it is paid whole.
        order_id: The order that it pays, where a shop has asked for it.
        return_minor: What goes back to the card by itself, as it paid nobody.
        return_status: How that stands: ``ReturnStatus`` of ``domain/cards/charges.py``.
    """

    id: UUID
    status: PaymentStatus
    payer_id: UUID
    payee_id: UUID
    payer_account_id: UUID | None
    payee_account_id: UUID | None
    payer_username: str | None
    payee_username: str | None
    amount_minor: int
    currency: str
    card_last4: str | None
    card_holder: str | None
    description: str | None
    metadata: Mapping[str, Scalar] | None
    reason: str | None
    transfer_id: UUID | None
    version: int
    created_at: datetime
    expires_at: datetime
    processing_at: datetime | None
    cancel_requested_at: datetime | None
    paid_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    service_id: UUID | None = None
    service_name: str | None = None
    method: Method = Method.WALLET
    execute_at: datetime | None = None
    is_reserved: bool = False
    reserved_at: datetime | None = None
    paid_minor: int | None = None
    refunded_minor: int = 0
    refunded_at: datetime | None = None
    counted_on: date | None = None
    disputed_at: datetime | None = None
    disputed_minor: int = 0
    dispute_outcome: str | None = None
    lines: Sequence[Mapping[str, Any]] | None = None
    counted_minor: int | None = None
    is_price_fixed: bool = False
    order_id: UUID | None = None
    return_minor: int | None = None
    return_status: str | None = None

    @property
    def is_final(self) -> bool:
        """Tell whether neither pay nor cancel can change it any more."""
        return self.status in FINAL

    @property
    def purpose(self) -> str | None:
        """What wallet keeps as the purpose of its transfers: the paid service, if any."""
        return None if self.service_id is None else f"service:{self.service_id}"

    def is_between(self, user_id: UUID) -> bool:
        """Tell whether the user pays or receives it."""
        return user_id in (self.payer_id, self.payee_id)

    def account_of(self, user_id: UUID) -> UUID | None:
        """Return the wallet that was named on the user's side; None for the default one."""
        return self.payer_account_id if user_id == self.payer_id else self.payee_account_id


class PaymentEnd(Struct, frozen=True):
    """The end of a payment: ``transfer_id`` for a paid one, ``reason`` for any other.

    ``paid_minor`` is what was captured, where that is less than the whole; the money moved from
    ``debited_account_id`` to ``credited_account_id``.
    """

    payment_id: UUID
    status: PaymentStatus
    transfer_id: UUID | None = None
    reason: str | None = None
    paid_minor: int | None = None
    debited_account_id: UUID | None = None
    credited_account_id: UUID | None = None
