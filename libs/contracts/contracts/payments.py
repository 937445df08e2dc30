"""Defines the events of a payment's life, and a refusal that auth hands on.

The subject of each is the payment's id; the sequence is the payment's gapless version, so that a
listener can order and count them.
"""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kit.messaging.messages import Event
from kit.refusals import Refusal


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
    at: datetime


class PaymentCreated(PaymentEvent):
    """A payment was created; no money has moved. Always sequence 1."""

    type: ClassVar[str] = "payments.payment_created.v1"

    status: Literal["created"] = "created"


class PaymentPaid(PaymentEvent):
    """The money has moved; ``transfer_id`` names the wallet's transfer.

    Final, but for refunds. ``paid_minor`` is what was paid of ``amount_minor``; None, in earlier
    events, means all of it.
    """

    type: ClassVar[str] = "payments.payment_paid.v1"

    status: Literal["paid"] = "paid"
    transfer_id: UUID
    paid_minor: int | None = None


class PaymentFailed(PaymentEvent):
    """No money has moved and none will; ``reason`` is a stable code. Final."""

    type: ClassVar[str] = "payments.payment_failed.v1"

    status: Literal["failed"] = "failed"
    reason: str


class PaymentCancelled(PaymentEvent):
    """The payer cancelled the payment, or it expired (reason ``expired``). Final."""

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
