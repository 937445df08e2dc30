"""Describes the webhooks in the OpenAPI document; makes none itself."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kit.web.openapi.names import reference
from notifications.domain.endpoints import TEST_TYPE, EventType

_REFERENCES: Final = "#/components/schemas/{model}"


class Payload(BaseModel):
    """The `data` of a webhook; later versions only add fields."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class PaymentPayload(Payload):
    """A payment, sent to its payer and its payee."""

    payment_id: UUID
    status: str
    amount: str = Field(
        description="The event's amount: that of the refund or dispute, if it is one."
    )
    currency: str
    payer_id: UUID
    payee_id: UUID
    direction: Literal["in", "out"] = Field(description="`out` for the payer, `in` for the payee.")
    sequence: int = Field(description="Counts the payment's events from 1, without a gap.")


class PaidPayload(PaymentPayload):
    """The money has moved."""

    transfer_id: UUID
    paid_amount: str


class EndedPayload(PaymentPayload):
    """No money moves; only the payer gets the reason."""

    reason: str | None = None


class RefundedPayload(PaymentPayload):
    """Money went back; `amount` is this refund's, `refunded_amount` the sum of all."""

    refund_id: UUID
    transfer_id: UUID
    refunded_amount: str
    is_full: bool


class RefundFailedPayload(PaymentPayload):
    """A refund came back from the card; the payee has the money again."""

    refund_id: UUID
    refunded_amount: str


class DisputedPayload(PaymentPayload):
    """The card's owner demands the money back from their bank."""

    dispute_id: UUID
    provider: str
    reason: str | None


class DisputeClosedPayload(PaymentPayload):
    """A dispute was decided."""

    dispute_id: UUID
    outcome: Literal["won", "lost"]


class FundsPayload(Payload):
    """An entry of a wallet, sent to its owner; `amount` is negative where money left."""

    wallet_id: UUID
    account_id: UUID = Field(
        description="The former name of `wallet_id`, with the same value.",
        json_schema_extra={"deprecated": True},
    )
    transfer_id: UUID
    kind: str
    reference: str
    description: str | None
    amount: str
    balance_after: str
    currency: str
    sequence: int = Field(description="Counts the wallet's entries from 1, without a gap.")


class TrialPayload(Payload):
    """Sent by `POST /v1/webhook-endpoints/{endpoint_id}/test`."""

    endpoint_id: UUID


PAYLOADS: Final[dict[str, type[Payload]]] = {
    EventType.PAYMENT_CREATED: PaymentPayload,
    EventType.PAYMENT_PAID: PaidPayload,
    EventType.PAYMENT_FAILED: EndedPayload,
    EventType.PAYMENT_CANCELLED: EndedPayload,
    EventType.PAYMENT_REFUNDED: RefundedPayload,
    EventType.PAYMENT_REFUND_FAILED: RefundFailedPayload,
    EventType.PAYMENT_DISPUTED: DisputedPayload,
    EventType.PAYMENT_DISPUTE_CLOSED: DisputeClosedPayload,
    EventType.FUNDS_MOVED: FundsPayload,
    TEST_TYPE: TrialPayload,
}

# Standard Webhooks (github.com/standard-webhooks/standard-webhooks).
_HEADERS: Final = (
    ("webhook-id", "The same for every attempt, so that a repeated webhook is recognised."),
    ("webhook-timestamp", "The time of this attempt, in seconds since 1970."),
    ("webhook-signature", "`v1,` and the signature, base64; one for each valid secret."),
)


def described(document: dict[str, Any]) -> dict[str, Any]:
    """Add a webhook for each type of event to the document, and return it."""
    schemas = document["components"]["schemas"]
    for model in {*PAYLOADS.values()}:
        schema = model.model_json_schema(ref_template=_REFERENCES)
        schemas[model.__name__] = schema
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["webhooks"] = {str(name): {"post": _operation(str(name))} for name in PAYLOADS}
    return document


def _operation(name: str) -> dict[str, Any]:
    model = PAYLOADS[name]
    moment = TypeAdapter(datetime).json_schema()
    return {
        "tags": ["webhooks"],
        "operationId": f"on_{name.replace('.', '_')}",
        "summary": (model.__doc__ or "").strip(),
        "description": "Sent to the endpoints that chose it. Any 2xx accepts it; anything else, "
        "or nothing within 15 s, is tried again over three days.",
        "security": [],
        "parameters": [
            {
                "name": header,
                "in": "header",
                "required": True,
                "description": text,
                "schema": {"type": "string"},
            }
            for header, text in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["type", "timestamp", "data"],
                        "properties": {
                            "type": {"const": name},
                            "timestamp": moment,
                            "data": reference(model.__name__),
                        },
                    }
                }
            },
        },
        "responses": {"204": {"description": "Accepted."}},
    }
