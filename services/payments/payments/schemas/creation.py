"""Shapes the request that creates a payment; the rules are in domain."""

from functools import cached_property
from typing import Annotated, Final, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.money import DEFAULT_CURRENCY, AmountRefused, Money
from kit.web.fields import AmountText, CurrencyCode, compared_by, refuse_by, refuse_field
from kit.web.schemas import Model
from kit.web.times import Moment
from payments.domain.cards.receipts import MOST_LINES, ReceiptLine
from payments.domain.creation import PaymentOrder
from payments.domain.parties import PayeeName, username_key
from payments.domain.payment import Method
from payments.schemas.payments import HowPaid, PaymentLine
from payments.schemas.texts import CardHolder, CardLast4, Metadata, PaymentPurpose, PlainText


class PayeeRequest(Model):
    """Whom to pay, named by exactly one of these fields."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "bob"}]})

    username: (
        Annotated[PlainText, Field(min_length=1, max_length=64), compared_by(username_key)] | None
    ) = None
    user_id: UUID | None = None
    wallet_id: UUID | None = Field(None, description="A wallet in the payment's currency.")
    service_id: UUID | None = Field(None, description="A service of `/v1/services`.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        names = (self.username, self.user_id, self.wallet_id, self.service_id)
        if names.count(None) != len(names) - 1:
            raise refuse_field(
                "exactly_one",
                "Name the payee by exactly one of username, user_id, wallet_id and service_id.",
                "Укажите получателя ровно одним из полей username, user_id, wallet_id и"
                " service_id.",
            )
        return self


# Bytes: a payment with every text at its longest and every character escaped, as many programs
# write what is not ASCII.
LONGEST_PAYMENT: Final = 320 * 1024


class PaymentRequest(HowPaid):
    """A payment to create; creating it moves no money unless `confirm` is true."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "payee": {"username": "bob"},
                    "amount": "150.00",
                    "currency": "RUB",
                    "card_last4": "4242",
                    "card_holder": "ALICE LIDDELL",
                    "description": "For the concert tickets",
                }
            ]
        }
    )

    payee: PayeeRequest
    amount: AmountText | None = Field(
        None, description="May be left out for a service that has a price."
    )
    currency: CurrencyCode = DEFAULT_CURRENCY
    from_wallet_id: UUID | None = Field(
        None,
        description="One of the payer's wallets; if not given, the default one of the currency.",
    )
    card_last4: CardLast4 | None = None
    card_holder: CardHolder | None = None
    description: PaymentPurpose | None = None
    metadata: Metadata | None = None
    lines: Annotated[list[PaymentLine], Field(min_length=1, max_length=MOST_LINES)] | None = Field(
        None,
        description="What it is for, line by line, for the receipt: the sums of quantity times"
        " amount must add up to the payment's amount. The payee does not see them.",
    )
    confirm: bool = Field(default=False, description="Pay it at once, in the same call.")
    reserve: bool = Field(
        default=False,
        description="Set the money aside now. Paying moves all or a part; cancelling frees it.",
    )
    execute_at: Moment | None = Field(
        None,
        description="When to pay it by itself, at most a year ahead; until then it is `scheduled`.",
        examples=["2026-02-28T09:00:00Z"],
    )

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if self.confirm + self.reserve + (self.execute_at is not None) > 1:
            raise refuse_field(
                "at_most_one",
                "Give at most one of confirm, reserve and execute_at.",
                "Укажите не более одного из полей confirm, reserve и execute_at.",
            )
        return self

    @model_validator(mode="after")
    def _card_is_charged_at_once(self) -> Self:
        if self.method is Method.CARD and not self.confirm:
            raise refuse_field(
                "card_needs_confirm",
                "A card is charged at once: with confirm, or by paying the payment later.",
                "Карта списывается сразу: с confirm или при оплате созданного платежа.",
                field="method",
            )
        return self

    @cached_property
    def money(self) -> Money | None:
        """The amount in minor units, read once; None where it is left out."""
        return None if self.amount is None else Money.parse(self.amount, self.currency)

    @model_validator(mode="after")
    def _has_an_amount(self) -> Self:
        if self.amount is not None:
            try:
                self.money  # noqa: B018 - what is read here stays at hand
            except AmountRefused as refusal:
                raise refuse_by(refusal, refusal.errors[0]) from None
        elif self.payee.service_id is None:
            raise refuse_field(
                "required",
                "Required, unless a service with a price is paid.",
                "Обязательное поле, если оплачивается не услуга с ценой.",
                field="amount",
            )
        return self

    @property
    def spends(self) -> bool:
        """Whether creating it is the word that spends, and no later one has to."""
        return self.confirm or self.reserve or self.execute_at is not None

    def order(self, payer_id: UUID) -> PaymentOrder:
        """Return the request as an order of the domain."""
        return PaymentOrder(
            payer_id=payer_id,
            payee=PayeeName(
                self.payee.username,
                self.payee.user_id,
                self.payee.wallet_id,
                self.payee.service_id,
            ),
            amount=self.money,
            currency=self.currency if "currency" in self.model_fields_set else None,
            from_wallet_id=self.from_wallet_id,
            card_last4=self.card_last4,
            card_holder=self.card_holder,
            description=self.description,
            metadata=self.metadata,
            is_reserved=self.reserve,
            execute_at=self.execute_at,
            lines=tuple(ReceiptLine(**line.model_dump()) for line in self.lines or ()),
        )
