"""Shapes a payment's timeline: one shape for each kind of moment."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import decimal_text
from kit.refusals import Language
from kit.web.schemas import Model
from payments.domain.reasons import reason_label, refund_reason_label
from payments.domain.timeline.story import (
    Disputed,
    Entered,
    EventSent,
    Faulted,
    Requested,
    Returned,
    Stepped,
    TimelineMoment,
    Tried,
    WebhookTried,
)
from payments.domain.timeline.words import words_of

_EXAMPLE: dict[str, Any] = {
    "payment_id": "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    "items": [
        {
            "kind": "request",
            "at": "2026-01-31T12:00:00Z",
            "code": "created",
            "label": "Payment created",
        },
        {
            "kind": "check",
            "at": "2026-01-31T12:00:05.120Z",
            "code": "failed",
            "label": "Check “two”: failed",
            "verifier": "two",
            "took_ms": 12,
            "said": "status 503",
        },
    ],
    "unavailable": [],
}


TimelinePart: TypeAlias = Literal["ledger", "webhooks"]


class _Told(Model):
    at: datetime
    code: str = Field(description="What happened: a stable code.")
    label: str = Field(description="The same in the caller's language.")


class RequestMoment(_Told):
    """Somebody asked for something."""

    kind: Literal["request"] = "request"


class StepMoment(_Told):
    """A step of the payment's saga began or ended."""

    kind: Literal["step"] = "step"
    step: str
    reason: str | None = Field(None, description="Why it was refused: a stable code.")
    reason_label: str | None = Field(None, description="The reason in the caller's language.")


class CheckMoment(_Told):
    """One try at a verification service, under the time it began."""

    kind: Literal["check"] = "check"
    verifier: str
    took_ms: int
    said: str | None = Field(None, description="The reason that the service gave, or its status.")


class MessageMoment(_Told):
    """An event that was sent to other services."""

    kind: Literal["message"] = "message"
    sequence: int = Field(description="Its number among the events of this payment, from 1.")


class EntryMoment(_Told):
    """An entry of the ledger; number and wallet are shown of the viewer's own only."""

    kind: Literal["entry"] = "entry"
    transfer_id: UUID
    amount: str = Field(description="Signed.")
    currency: str
    wallet_id: UUID | None = None
    seq: int | None = None


class WebhookMoment(_Told):
    """An attempt to call one of the caller's own webhook endpoints."""

    kind: Literal["webhook"] = "webhook"
    type: str = Field(examples=["payment.paid"])
    sequence: int = Field(description="The number of the payment's event that was delivered.")
    number: int = Field(description="The number of the attempt at that delivery, from 1.")
    endpoint_host: str
    took_ms: int
    status_code: int | None = None
    error: str | None = Field(None, description="Why there was no answer: a stable code.")


class DisputeMoment(_Told):
    """A dispute changed: the owner of the card wants the money back."""

    kind: Literal["dispute"] = "dispute"
    amount: str = Field(description="The disputed amount.")
    currency: str
    reason: str | None = Field(None, description="The provider's word for why.")


class ReturnMoment(_Told):
    """A return changed: money that paid nobody goes back to its card by itself."""

    kind: Literal["return"] = "return"
    amount: str
    currency: str


class ProviderMoment(_Told):
    """A call that the card provider refused or failed; only administrators see it."""

    kind: Literal["provider"] = "provider"
    provider: str
    asked: str = Field(description="What the call was for: create, fetch, cancel or refund.")
    status_code: int | None = None
    provider_kind: str | None = Field(None, description="The provider's kind of error.")
    provider_code: str | None = Field(None, description="The provider's code.")
    decline_code: str | None = Field(None, description="The reason that the card's bank gave.")
    parameter: str | None = Field(None, description="The part of our request that it is about.")
    message: str | None = Field(None, description="The provider's text.")
    provider_request_id: str | None = Field(
        None, description="The id by which the provider's support finds the call."
    )


AnyMoment: TypeAlias = Annotated[
    RequestMoment
    | StepMoment
    | CheckMoment
    | MessageMoment
    | EntryMoment
    | WebhookMoment
    | DisputeMoment
    | ReturnMoment
    | ProviderMoment,
    Field(discriminator="kind"),
]


class Timeline(Model):
    """All that has happened to a payment, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    payment_id: UUID
    items: list[AnyMoment]
    unavailable: list[TimelinePart] = Field(
        description="Parts that are missing now, as their service does not answer."
    )


def _shown_fault(moment: Faulted, label: str) -> ProviderMoment:
    fault = moment.fault
    return ProviderMoment(
        at=moment.at,
        code=moment.code,
        label=label,
        provider=moment.provider,
        asked=moment.asked,
        status_code=fault.status,
        provider_kind=fault.kind,
        provider_code=fault.code,
        decline_code=fault.decline_code,
        parameter=fault.parameter,
        message=fault.message,
        provider_request_id=fault.request_id,
    )


def _shown_dispute(moment: Disputed, label: str) -> DisputeMoment:
    return DisputeMoment(
        at=moment.at,
        code=moment.code,
        label=label,
        amount=decimal_text(moment.amount_minor, moment.currency),
        currency=moment.currency,
        reason=moment.reason,
    )


def _shown_return(moment: Returned, label: str) -> ReturnMoment:
    return ReturnMoment(
        at=moment.at,
        code=moment.code,
        label=label,
        amount=decimal_text(moment.amount_minor, moment.currency),
        currency=moment.currency,
    )


def shown_moment(  # noqa: PLR0911 (one shape for each kind)
    moment: TimelineMoment, language: Language
) -> AnyMoment:
    """Return a moment as the API shows it."""
    at, label = moment.at, words_of(moment, language)
    match moment:
        case Requested():
            return RequestMoment(at=at, code=moment.code, label=label)
        case Stepped():
            words = refund_reason_label if moment.step == "refund" else reason_label
            return StepMoment(
                at=at,
                code=moment.code,
                label=label,
                step=moment.step,
                reason=moment.reason,
                reason_label=words(moment.reason, language),
            )
        case Tried(made=made):
            return CheckMoment(
                at=at,
                code=made.outcome,
                label=label,
                verifier=made.verifier,
                took_ms=made.took_ms,
                said=made.said,
            )
        case EventSent():
            return MessageMoment(at=at, code=moment.code, label=label, sequence=moment.sequence)
        case Entered():
            return EntryMoment(
                at=at,
                code=moment.code,
                label=label,
                transfer_id=moment.transfer_id,
                amount=decimal_text(moment.amount_minor, moment.currency),
                currency=moment.currency,
                wallet_id=moment.wallet_id,
                seq=moment.seq,
            )
        case Disputed():
            return _shown_dispute(moment, label)
        case Returned():
            return _shown_return(moment, label)
        case Faulted():
            return _shown_fault(moment, label)
        case WebhookTried():
            return WebhookMoment(
                at=at,
                code=moment.code,
                label=label,
                type=moment.type,
                sequence=moment.sequence,
                number=moment.number,
                endpoint_host=moment.endpoint_host,
                took_ms=moment.milliseconds,
                status_code=moment.status_code,
                error=moment.error,
            )
