"""Defines payments' commands, replies, events, and a refusal that auth hands on.

Commands take a payment for a merchant, take it back, and refund it; a service sends them. The
subject of an event is the payment's id; its sequence is the payment's gapless version, so that a
listener can order and count them. The first, PaymentCreated, is sent only where somebody wants it.
"""

from typing import ClassVar, Literal
from uuid import UUID

from contracts.wallet import Amount, MessageCurrency, PostedTransfer
from kit.messaging.messages import Command, Event, Reply, Timestamp
from kit.refusals import Refusal

# Commands


class TakePayment(Command):
    """Take a payment from a user for a merchant: create it and pay it at once.

    From a wallet: answered by PaymentTaken or PaymentNotTaken, once that is known. By card: by
    CardPageOpened once the payer has a page to go to, and later by PaymentTaken or PaymentNotTaken;
    or by PaymentNotTaken alone.

    ``payment_id`` is chosen by the asker. ``payee_id`` is one of wallet's MERCHANTS. ``reference``
    is what it pays, the id of an order; ``description`` is for the payer.
    ``return_url`` is where the card page sends the payer back to; ``receipt_email`` and
    ``receipt_phone`` where the receipt goes. The same command again is answered as things stand.
    """

    type: ClassVar[str] = "payments.take_payment.v1"

    payment_id: UUID
    payer_id: UUID
    payee_id: UUID
    amount_minor: Amount
    currency: MessageCurrency
    reference: str
    description: str
    method: Literal["wallet", "card"] = "wallet"
    return_url: str | None = None
    receipt_email: str | None = None
    receipt_phone: str | None = None


class ReturnPayment(Command):
    """Take a payment back, however far it has come. Answered by PaymentReturned.

    One under way is cancelled; one that was paid is refunded, all that is left of it. Where its
    TakePayment has not come yet, that one is answered PaymentNotTaken with ``undone`` when it
    does, and takes nothing. What stands in the way (a dispute, an empty merchant account) is tried
    anew whenever the command is repeated.
    """

    type: ClassVar[str] = "payments.return_payment.v1"

    payment_id: UUID


class RefundPayment(Command):
    """Refund a part of a taken payment. Answered by RefundMade or RefundNotMade.

    ``refund_id`` is chosen by the asker. It goes back the way it was paid.
    """

    type: ClassVar[str] = "payments.refund_payment.v1"

    refund_id: UUID
    payment_id: UUID
    amount_minor: Amount
    reason: str | None = None


# Replies


class PaymentTaken(Reply):
    """The merchant has the money."""

    type: ClassVar[str] = "payments.payment_taken.v1"

    payment_id: UUID
    method: Literal["wallet", "card"]


class PaymentNotTaken(Reply):
    """No money has moved, and none will; ``code`` says why.

    Codes are the reasons why payments fail or are cancelled, and those of the refusals that a
    payer is given who creates or pays one.
    """

    type: ClassVar[str] = "payments.payment_not_taken.v1"

    payment_id: UUID
    method: Literal["wallet", "card"]
    code: str


class CardPageOpened(Reply):
    """The payer can enter the card at ``url``."""

    type: ClassVar[str] = "payments.card_page_opened.v1"

    payment_id: UUID
    url: str


class PaymentReturned(Reply):
    """Nothing of the payment is the merchant's any more, and nothing will be."""

    type: ClassVar[str] = "payments.payment_returned.v1"

    payment_id: UUID


class RefundMade(Reply):
    """The refund is the payer's."""

    type: ClassVar[str] = "payments.refund_made.v1"

    refund_id: UUID


class RefundNotMade(Reply):
    """Nothing went back; ``code`` is a refusal's or the reason of a failed refund."""

    type: ClassVar[str] = "payments.refund_not_made.v1"

    refund_id: UUID
    code: str


# Events


class PaymentEvent(Event):
    """Holds what every event of a payment says.

    Shapes: ``amount_minor`` integer minor units of ``currency`` (ISO 4217), ``at`` aware UTC.
    Neither card digits nor metadata are in it: they are the payer's own.
    """

    payment_id: UUID
    payer_id: UUID
    payee_id: UUID
    amount_minor: int
    currency: str
    at: Timestamp


class PaymentCreated(PaymentEvent):
    """A payment was created; no money has moved. Always sequence 1."""

    type: ClassVar[str] = "payments.payment_created.v1"

    status: Literal["created"] = "created"


class PaymentPaid(PaymentEvent):
    """The money has moved; ``transfer_id`` names the wallet's transfer.

    Final, but for refunds. ``paid_minor`` is what was paid of ``amount_minor``; None, in earlier
    events, means all of it. ``movement`` is the transfer where wallet does not tell of it, with the
    entries of people's accounts.
    """

    type: ClassVar[str] = "payments.payment_paid.v1"

    status: Literal["paid"] = "paid"
    transfer_id: UUID
    paid_minor: int | None = None
    movement: PostedTransfer | None = None


class PaymentFailed(PaymentEvent):
    """No money has moved and none will; ``reason`` is a stable code. Final."""

    type: ClassVar[str] = "payments.payment_failed.v1"

    status: Literal["failed"] = "failed"
    reason: str


class PaymentCancelled(PaymentEvent):
    """The payer cancelled the payment, or it expired (reason ``expired``). Final.

    A merchant's payment that was taken back has the reason ``undone``.
    """

    type: ClassVar[str] = "payments.payment_cancelled.v1"

    status: Literal["cancelled"] = "cancelled"
    reason: str


class PaymentRefunded(PaymentEvent):
    """Money went back to the payer, by one completed refund.

    ``amount_minor`` is this refund's; ``refunded_minor`` all that has gone back of the payment,
    this one included; with ``is_full`` nothing is left of it, and the payment's ``status`` is
    ``refunded``.
    """

    type: ClassVar[str] = "payments.payment_refunded.v1"

    status: Literal["paid", "refunded"]
    refund_id: UUID
    transfer_id: UUID
    refunded_minor: int
    is_full: bool


class PaymentRefundFailed(PaymentEvent):
    """A refund that had gone back was not taken; its money is the payee's again.

    ``amount_minor`` is this refund's; ``refunded_minor`` all that still counts as gone back of the
    payment, whose ``status`` is ``paid`` again.
    """

    type: ClassVar[str] = "payments.payment_refund_failed.v1"

    status: Literal["paid"] = "paid"
    refund_id: UUID
    refunded_minor: int
    reason: str


class PaymentDisputed(PaymentEvent):
    """The owner of the card that paid wants the money back from their bank.

    ``amount_minor`` is the dispute's, ``reason`` the provider's word for it; ``status`` how the
    payment stands, which a dispute does not change.
    """

    type: ClassVar[str] = "payments.payment_disputed.v1"

    status: Literal["paid", "refunded", "failed", "cancelled"]
    dispute_id: UUID
    provider: str
    reason: str | None


class PaymentDisputeClosed(PaymentEvent):
    """The bank has decided a dispute: ``won`` by the payee, or ``lost``."""

    type: ClassVar[str] = "payments.payment_dispute_closed.v1"

    status: Literal["paid", "refunded", "failed", "cancelled"]
    dispute_id: UUID
    outcome: Literal["won", "lost"]


class PaymentsOpen(Refusal):
    """Something of a user's is under way; ``errors`` names each such thing."""

    code = "payments_open"
    status = 409
    title_en = "Payments under way"
    title_ru = "Есть незавершённые платежи"
    detail_en = "Payments or refunds are under way. “errors” names each of them."
    detail_ru = "Есть незавершённые платежи или возвраты. Каждый назван в «errors»."
