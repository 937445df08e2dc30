"""Shapes how payments are paid, and how the API shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import TypeAliasType

from kit.money import decimal_text
from kit.refusals import Language
from kit.web.card_pages import NextAction, ReceiptContact, ReturnUrl
from kit.web.fields import AmountText, refuse_field
from kit.web.schemas import ANSWER, Model
from payments.domain.cards.charges import ReturnStatus
from payments.domain.payment import Method, Payment, PaymentStatus
from payments.domain.reasons import reason_label, status_label
from payments.schemas.examples import PAID, SEEN
from payments.schemas.texts import PaymentPurpose

# Not zero.
_QUANTITY: Final = r"^([1-9][0-9]{0,5}(\.[0-9]{1,3})?|0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9]))$"


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


class PaymentLine(Model):
    """A line of a payment: what, how many, and the price of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"description": "Ticket", "quantity": "2", "amount": "75.00", "vat_code": None}
            ]
        }
    )

    description: Annotated[PaymentPurpose, Field(min_length=1, max_length=128)]
    quantity: Annotated[
        str,
        Field(
            pattern=_QUANTITY,
            description="A decimal string, or, in a request, a whole number.",
            examples=["2"],
        ),
        BeforeValidator(
            _as_text,
            json_schema_input_type=Annotated[str, Field(pattern=_QUANTITY)]
            | Annotated[int, Field(ge=1, le=999_999)],
        ),
    ] = "1"
    amount: AmountText = Field(description="The price of one, in the payment's currency.")
    vat_code: Annotated[int, Field(ge=1, le=12)] | None = Field(
        None, description="YooKassa's code of the VAT rate; if not given, the shop's own."
    )


class HowPaid(Model):
    """Where the money comes from: the payer's wallet, unless the request names a card."""

    method: Method = Method.WALLET
    return_url: ReturnUrl | None = Field(
        None, description="Where the card page sends the payer back to; required for `card`."
    )

    receipt_contact: ReceiptContact | None = Field(
        None, description="For cards: where the receipt goes, if the shop must send one."
    )

    @model_validator(mode="after")
    def _receipts_are_of_cards(self) -> Self:
        if self.receipt_contact is not None and self.method is not Method.CARD:
            raise refuse_field(
                "card_only",
                "Only what is paid by card has a receipt.",
                "Чек бывает только при оплате картой.",
                field="receipt_contact",
            )
        return self

    @model_validator(mode="after")
    def _needs_a_way_back(self) -> Self:
        if self.method is Method.CARD and self.return_url is None:
            raise refuse_field(
                "required",
                "Needed where a card is to be charged.",
                "Нужен для оплаты картой.",
                field="return_url",
            )
        return self


class PayRequest(HowPaid):
    """How to pay a payment; every field may be left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"amount": "40.00"},
                {"method": "card", "return_url": "https://shop.example/thanks"},
            ]
        }
    )

    amount: AmountText | None = Field(
        None,
        description="How much of a reserved payment to pay, in its currency; the rest is freed. "
        "If not given, all of it is paid.",
    )


@dataclass(kw_only=True)
class Payer:
    """Who pays; ``username`` is null where the user has none, or it is not known yet."""

    __pydantic_config__ = ANSWER

    user_id: UUID
    username: str | None = None


@dataclass(kw_only=True)
class Payee(Payer):
    """Who is paid, and into which wallet if the payer named one."""

    wallet_id: UUID | None = None


@dataclass(kw_only=True)
class NamedService:
    """The service that is paid."""

    __pydantic_config__ = ANSWER

    id: UUID
    name: str


@dataclass(kw_only=True)
class SeenPayment:
    """What payer and payee both see of a payment."""

    __pydantic_config__ = ANSWER

    id: UUID
    status: PaymentStatus
    status_label: Annotated[str, Field(description="The status in the caller's language.")]
    amount: str
    currency: str
    payer: Payer
    payee: Annotated[
        Payee,
        Field(
            description="Of an order it is the shop: a merchant, who is no user and has no"
            " `username`."
        ),
    ]
    service: Annotated[
        NamedService | None, Field(description="The service that is paid, if it is one.")
    ] = None
    description: str | None = None
    order_id: Annotated[
        UUID | None, Field(description="The order that it pays, if a shop has one.")
    ] = None
    transfer_id: Annotated[UUID | None, Field(description="The wallet's transfer, once paid.")] = (
        None
    )
    created_at: datetime
    expires_at: Annotated[
        datetime, Field(description="When it is cancelled if it is still unpaid.")
    ]
    processing_at: datetime | None = None
    paid_at: datetime | None = None
    failed_at: datetime | None = None
    cancelled_at: datetime | None = None
    reserved_at: Annotated[
        datetime | None,
        Field(description="When its money was set aside, where it was created with `reserve`."),
    ] = None
    execute_at: Annotated[
        datetime | None, Field(description="When a scheduled payment is paid by itself.")
    ] = None
    paid_amount: Annotated[
        str | None, Field(description="What was paid of it, once it is paid.")
    ] = None
    refunded_amount: Annotated[
        str,
        Field(description="How much has gone back, or is on its way back: the refunds say which."),
    ]
    refunded_at: Annotated[datetime | None, Field(description="When all of it had gone back.")] = (
        None
    )
    disputed_amount: Annotated[
        str,
        Field(
            description="What the card's owner wants back from their bank, or has got back: all"
            " that is disputed but what was won; where all was won, that."
        ),
    ]
    disputed_at: Annotated[datetime | None, Field(description="When the dispute began.")] = None
    dispute_outcome: Annotated[
        Literal["won", "lost"] | None,
        Field(description="How the bank decided; null while it is open. `won`: for the payee."),
    ] = None


@dataclass(kw_only=True)
class IncomingPayment(SeenPayment):
    """A payment to the caller."""

    __pydantic_config__ = ConfigDict(
        **ANSWER, json_schema_extra={"examples": [{**SEEN, "direction": "in"}]}
    )

    direction: Literal["in"] = "in"


@dataclass(kw_only=True)
class OutgoingPayment(SeenPayment):
    """A payment by the caller, with the fields that only the payer sees.

    Why it failed is one of them: it says how much the payer has.
    """

    __pydantic_config__ = ConfigDict(**ANSWER, json_schema_extra={"examples": [PAID]})

    direction: Literal["out"] = "out"
    from_wallet_id: UUID | None = None
    card_last4: str | None = None
    card_holder: str | None = None
    metadata: dict[str, str | int | bool | None] | None = None
    lines: list[PaymentLine] | None = None
    method: Method = Method.WALLET
    next_action: Annotated[
        NextAction | None,
        Field(description="For cards: where to send the payer, until the card is entered."),
    ] = None
    returned_amount: Annotated[
        str,
        Field(
            description="For cards: what was charged though the payment was not paid, and goes"
            " back to the card by itself."
        ),
    ] = "0.00"
    return_status: Annotated[
        ReturnStatus | None,
        Field(
            description="How that return stands. `refused`: the provider did not give the money"
            " back; it stays there until an administrator sees to it."
        ),
    ] = None
    failure_reason: Annotated[str | None, Field(description="Why it failed: a stable code.")] = None
    cancellation_reason: Annotated[
        str | None, Field(description="Why it was cancelled: a stable code.")
    ] = None
    reason_label: Annotated[
        str | None, Field(description="Either reason in the caller's language.")
    ] = None


AnyPayment = TypeAliasType(
    "AnyPayment", Annotated[OutgoingPayment | IncomingPayment, Field(discriminator="direction")]
)


def shown(
    payment: Payment, viewer_id: UUID, language: Language, action: NextAction | None = None
) -> OutgoingPayment | IncomingPayment:
    """Return the payment as its payer or its payee may see it."""
    seen: dict[str, Any] = {
        "id": payment.id,
        "status": payment.status,
        "status_label": status_label(payment.status, language),
        "amount": decimal_text(payment.amount_minor, payment.currency),
        "currency": payment.currency,
        "payer": Payer(user_id=payment.payer_id, username=payment.payer_username),
        "payee": Payee(
            user_id=payment.payee_id,
            username=payment.payee_username,
            wallet_id=payment.payee_account_id,
        ),
        "service": _service(payment),
        "description": payment.description,
        "order_id": payment.order_id,
        "transfer_id": payment.transfer_id,
        "created_at": payment.created_at,
        "expires_at": payment.expires_at,
        "processing_at": payment.processing_at,
        "paid_at": payment.paid_at,
        "failed_at": payment.failed_at,
        "cancelled_at": payment.cancelled_at,
        "reserved_at": payment.reserved_at,
        "execute_at": payment.execute_at,
        "paid_amount": _amount(payment.paid_minor, payment.currency),
        "refunded_amount": decimal_text(payment.refunded_minor, payment.currency),
        "refunded_at": payment.refunded_at,
        "disputed_amount": decimal_text(payment.disputed_minor, payment.currency),
        "disputed_at": payment.disputed_at,
        "dispute_outcome": payment.dispute_outcome,
    }
    if viewer_id != payment.payer_id:
        return IncomingPayment(**seen)
    return OutgoingPayment(
        **seen,
        from_wallet_id=payment.payer_account_id,
        card_last4=payment.card_last4,
        card_holder=payment.card_holder,
        metadata=None if payment.metadata is None else dict(payment.metadata),
        lines=None if payment.lines is None else [PaymentLine(**one) for one in payment.lines],
        method=payment.method,
        next_action=action,
        returned_amount=decimal_text(payment.return_minor or 0, payment.currency),
        return_status=None
        if payment.return_status is None
        else ReturnStatus(payment.return_status),
        failure_reason=payment.reason if payment.status is PaymentStatus.FAILED else None,
        cancellation_reason=payment.reason if payment.status is PaymentStatus.CANCELLED else None,
        reason_label=reason_label(payment.reason, language),
    )


def _service(payment: Payment) -> NamedService | None:
    if payment.service_id is None or payment.service_name is None:
        return None
    return NamedService(id=payment.service_id, name=payment.service_name)


def _amount(minor: int | None, currency: str) -> str | None:
    return None if minor is None else decimal_text(minor, currency)
