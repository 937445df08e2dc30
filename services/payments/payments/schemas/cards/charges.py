"""Shapes paying by card: how to pay, where to send the payer, charges for wallets."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from kit.web.fields import AmountFields, AmountText, refuse_field, return_url
from kit.web.schemas import Model
from payments.domain.cards.charges import Charge, ChargeStatus
from payments.domain.payment import Method

_LONGEST_URL = 2000


ReturnUrl = Annotated[
    str,
    AfterValidator(return_url),
    Field(max_length=_LONGEST_URL, examples=["https://shop.example/thanks"]),
]


class ReceiptContact(Model):
    """Where the legally required receipt goes: an e-mail address, a phone, or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "alice@example.com"}]})

    email: (
        Annotated[str, Field(max_length=254, pattern=r"^[!-?A-~]+@[0-9A-Za-z.-]+\.[0-9A-Za-z-]+$")]
        | None
    ) = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9]{10,15}$", examples=["79000000000"])] | None = (
        None
    )

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.email is None and self.phone is None:
            raise refuse_field(
                "required", "Name an e-mail address or a phone.", "Укажите почту или телефон."
            )
        return self


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


class NextAction(Model):
    """What the payer has to do next: open this address."""

    type: Literal["redirect"] = "redirect"
    url: str = Field(examples=["https://pay.example/c/42"])


class ChargeRequest(AmountFields):
    """A card charge for a wallet; only the wallet service asks for it."""

    charge_id: UUID
    owner_id: UUID
    wallet_id: UUID
    return_url: ReturnUrl


class ChargeAnswer(Model):
    """How a charge stands; `next_action` is null until the provider has answered."""

    charge_id: UUID
    status: ChargeStatus
    next_action: NextAction | None


def next_action(charge: Charge | None) -> NextAction | None:
    """Return what the payer has to do; None where there is nothing to do."""
    if charge is None or charge.action_url is None or not charge.is_open:
        return None
    return NextAction(url=charge.action_url)
