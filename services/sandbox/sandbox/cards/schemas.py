"""Shapes the card provider's and the bank's requests and answers."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.card_pages import ReturnUrl
from kit.web.fields import AmountFields, never_null, refuse_field
from kit.web.schemas import Model
from sandbox.cards.box import CardOutcome, CardPaymentStatus
from sandbox.cards.deliveries import WebhookFaults
from sandbox.cards.reversals import BankRefundStatus, DisputeStatus

_CHARGE_ID = "0197a8c0-5d1e-7cc3-98c4-dc0c0c07398f"
_MOST_SECONDS = 600.0


# A box of a form: sent if it was ticked; no form sends null.
Ticked = Annotated[Literal["on"] | None, Field(json_schema_extra=never_null)]


class CardPaymentRequest(AmountFields):
    """A payment by card to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "amount": "150.00",
                    "currency": "RUB",
                    "description": "bob · For the concert tickets",
                    "return_url": "https://shop.example/thanks",
                    "charge_id": _CHARGE_ID,
                }
            ]
        }
    )

    description: str = Field("", max_length=1000)
    return_url: ReturnUrl
    charge_id: UUID | None = Field(None, description="The shop's id of it, returned as given.")


class CardRefundRequest(AmountFields):
    """A sum of a payment to refund."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "60.00", "currency": "RUB"}]}
    )

    refund_id: UUID | None = Field(None, description="The shop's id of it, returned in events.")


class RefundState(Model):
    """A refund of a payment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "refund_0197a8c05d1e7cc398c4dc0c0c07398f",
                    "status": "succeeded",
                    "amount": "60.00",
                    "currency": "RUB",
                    "refund_id": None,
                }
            ]
        }
    )

    id: str
    status: BankRefundStatus
    amount: str
    currency: str
    refund_id: UUID | None = None


class DisputeState(Model):
    """A dispute of a payment."""

    id: str
    amount: str
    currency: str
    status: DisputeStatus
    reason: str
    is_withdrawn: bool


class CardPaymentState(Model):
    """A payment by card; `url` is its card page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "card_0197a8c05d1e7cc398c4dc0c0c07398f",
                    "status": "pending",
                    "amount": "150.00",
                    "currency": "RUB",
                    "url": "http://localhost:8000/sandbox/cards/card_0197a8c05d1e7cc398c4dc0c0c07398f",
                    "reason": None,
                    "charge_id": _CHARGE_ID,
                    "refunded_amount": "0.00",
                    "is_disputed": False,
                    "refunds": [],
                    "disputes": [],
                }
            ]
        }
    )

    id: str
    status: CardPaymentStatus
    amount: str
    currency: str
    url: str
    reason: str | None
    charge_id: UUID | None
    refunded_amount: str
    is_disputed: bool
    refunds: list[RefundState]
    disputes: list[DisputeState]


class WithFaults(Model):
    """The faults of the webhooks that follow."""

    late_seconds: float = Field(0.0, ge=0, le=_MOST_SECONDS)
    twice: bool = False
    out_of_order: bool = False
    wrong_signature: bool = False
    repeat_id: bool = Field(default=False, description="All of them have one event id.")

    @property
    def faults(self) -> WebhookFaults:
        """The faults."""
        return WebhookFaults(
            late_seconds=self.late_seconds,
            twice=self.twice,
            out_of_order=self.out_of_order,
            wrong_signature=self.wrong_signature,
            repeat_id=self.repeat_id,
        )


class OutcomeRequest(WithFaults):
    """What the card's owner does, and the faults of the webhooks about it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"outcome": "success", "twice": True}]}
    )

    outcome: CardOutcome
    delay_seconds: float = Field(
        3.0, ge=0, le=_MOST_SECONDS, description="How long the bank takes for `delay`."
    )
    refunds: BankRefundStatus = Field(
        BankRefundStatus.SUCCEEDED,
        description="The immediate status of refunds that the shop asks for later.",
    )


class CardForm(Model):
    """The buttons and boxes of the card page."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "success"}]})

    outcome: CardOutcome
    late: Ticked = None
    twice: Ticked = None
    out_of_order: Ticked = None
    wrong_signature: Ticked = None

    @property
    def faults(self) -> WebhookFaults:
        """The faults."""
        return WebhookFaults(
            late_seconds=5.0 if self.late else 0.0,
            twice=bool(self.twice),
            out_of_order=bool(self.out_of_order),
            wrong_signature=bool(self.wrong_signature),
        )


class BankCreditRequest(AmountFields):
    """A credit to a wallet, which the bank reports by webhook."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"wallet_number": 1001, "amount": "150.00", "currency": "RUB"}]
        }
    )

    transaction_id: str | None = Field(None, min_length=1, max_length=100)
    wallet_id: UUID | None = None
    wallet_number: int | None = Field(None, ge=1)
    wrong_signature: bool = False

    @model_validator(mode="after")
    def _names_one_wallet(self) -> Self:
        if (self.wallet_id is None) == (self.wallet_number is None):
            raise refuse_field(
                "exactly_one",
                "Name the wallet by wallet_id or wallet_number.",
                "Укажите кошелёк полем wallet_id или wallet_number.",
            )
        return self


class BankCreditAnswer(Model):
    """The answer of the wallet service to the bank."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "transaction_id": "bank-42",
                    "status": 200,
                    "answer": {"transaction_id": "bank-42", "to": "wallet"},
                }
            ]
        }
    )

    transaction_id: str
    status: int = Field(description="HTTP status of the answer; 0 if nobody answered.")
    answer: dict[str, Any] | None
