"""What is asked about refunds at the provider's own page, and about disputes."""

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
    """A dispute to be opened: of all that is left, its funds withdrawn, where nothing is said."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "30.00", "reason": "fraudulent"}]}
    )

    amount: AmountText | None = Field(None, description="In the payment's currency.")
    warning: bool = Field(default=False, description="Only an inquiry; no money moves.")
    reason: Word = "fraudulent"
    withdraw: bool | None = Field(
        None, description="Whether its funds are withdrawn at once; not those of an inquiry."
    )


class DisputeMoveRequest(WithFaults):
    """How a dispute is closed, and what goes wrong with the webhooks."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "won"}]})

    outcome: Literal["won", "lost"] = Field("lost", description="Heeded by `close`.")


class PageRefundRequest(WithFaults):
    """A refund made at the provider's own page: of all that is left where nothing is said."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": "60.00", "status": "pending"}]}
    )

    amount: AmountText | None = Field(None, description="In the payment's currency.")
    status: BankRefundStatus = BankRefundStatus.SUCCEEDED


class RefundMoveRequest(WithFaults):
    """What becomes of a refund: it succeeds, or it fails, also after it has succeeded."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "failed"}]})

    status: Literal[BankRefundStatus.SUCCEEDED, BankRefundStatus.FAILED]


class EventsQuery(SpanFilters):
    """Of which time events are wanted."""


class CardEvent(Model):
    """An event as its webhook tells it."""

    id: str
    type: str
    created: float
    payment: dict[str, Any]
    refund: dict[str, Any] | None = None
    dispute: dict[str, Any] | None = None


class CardEvents(Model):
    """The oldest events of a time; where there are more, ask on from the last one's time."""

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
