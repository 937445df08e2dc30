"""Shapes disputes, and refunds at the provider's own page."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from kit.web.fields import AmountText
from kit.web.queries import SpanFilters
from kit.web.schemas import Model
from sandbox.cards.reversals import BankRefundStatus
from sandbox.cards.schemas import WithFaults

_EVENT: dict[str, Any] = {
    "id": "evt_0197a8c05d1e7cc398c4dc0c0c07398f",
    "type": "refund.created",
    "created": 1769860800.0,
    "payment": {"id": "card_0197a8c05d1e7cc398c4dc0c0c07398f", "status": "succeeded"},
    "refund": {
        "id": "refund_0197a8c05d1e7cc398c4dc0c0c07398f",
        "amount": "60.00",
        "currency": "RUB",
        "status": "succeeded",
        "refund_id": None,
    },
    "dispute": None,
}

Word = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")]


class DisputeRequest(WithFaults):
    """A dispute to open; by default of all that is left, with funds withdrawn."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "30.00", "reason": "fraudulent"}]}
    )

    amount: AmountText | None = Field(None, description="In the payment's currency.")
    warning: bool = Field(
        default=False, description="Whether it is only an inquiry, which moves no money."
    )
    reason: Word = "fraudulent"
    withdraw: bool | None = Field(
        None, description="Whether funds are withdrawn at once; by default unless an inquiry."
    )


class DisputeMoveRequest(WithFaults):
    """How to close a dispute, and the faults of its webhooks."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "won"}]})

    outcome: Literal["won", "lost"] = Field(
        "lost", description="The outcome of `close`; other moves ignore it."
    )


class PageRefundRequest(WithFaults):
    """A refund at the provider's own page; by default of all that is left."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "60.00", "status": "pending"}]}
    )

    amount: AmountText | None = Field(None, description="In the payment's currency.")
    status: BankRefundStatus = BankRefundStatus.SUCCEEDED


class RefundMoveRequest(WithFaults):
    """The new status of a refund; it can fail even after it has succeeded."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "failed"}]})

    status: Literal[BankRefundStatus.SUCCEEDED, BankRefundStatus.FAILED]


class EventsQuery(SpanFilters):
    """The range of time of the events."""


class CardEvent(Model):
    """An event as its webhook has it."""

    id: str
    type: str
    created: float
    payment: dict[str, Any]
    refund: dict[str, Any] | None = None
    dispute: dict[str, Any] | None = None


class CardEvents(Model):
    """The oldest events in a range; to get more, ask from the last one's time on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_EVENT], "has_more": False}]}
    )

    items: list[CardEvent]
    has_more: bool


class NextForm(Model):
    """The buttons of a card page whose payment has succeeded."""

    act: Literal[
        "dispute", "inquire", "refund", "escalate", "withdraw", "reinstate", "won", "lost",
        "succeed", "fail",
    ]  # fmt: skip
    id: Annotated[str, Field(max_length=64)] = ""
    amount: Annotated[str, Field(max_length=32)] = ""
