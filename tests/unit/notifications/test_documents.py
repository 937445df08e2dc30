"""What the document says of webhooks is what they carry, and nothing is left out."""

from typing import Any
from uuid import UUID

import jsonschema
import orjson
import pytest
from msgspec import convert
from msgspec.structs import fields

from contracts import payments as contract
from contracts.payments import PaymentEvent
from contracts.wallet import EntryPosted, FundsMoved
from kit.messaging.messages import Event
from kit.web.openapi.names import reference
from notifications import app
from notifications.settings import Settings
from notifications.webhooks import documents, payloads

from .test_payloads import AT, PAYEE, PAYER, PAYMENT_FACTS, TRANSFER, envelope

MORE: dict[str, Any] = {
    "transfer_id": TRANSFER,
    "refund_id": UUID(int=5),
    "dispute_id": UUID(int=6),
    "reason": "fraudulent",
    "provider": "stripe",
    "outcome": "lost",
    "refunded_minor": 100,
    "paid_minor": 100,
    "is_full": False,
}


def _event(model: type[PaymentEvent]) -> PaymentEvent:
    [status] = [one for one in fields(model) if one.name == "status"]
    known = {"status": "paid"} if status.required else {}
    return convert({**PAYMENT_FACTS, **MORE, **known}, model)


ENTRY = EntryPosted(
    account_id=UUID(int=9), owner_id=PAYER, seq=1, amount_minor=-1, balance_after_minor=0
)
FUNDS = FundsMoved(
    transfer_id=TRANSFER,
    kind="payment",
    reference="r",
    description=None,
    currency="RUB",
    entries=(ENTRY,),
    posted_at=AT,
)
EVENTS: list[Event] = [*map(_event, payloads.PAYMENT_TYPES), FUNDS]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return app.build(Settings(_env_file=None)).web.openapi()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_a_webhook_carries_what_is_described_and_nothing_else(
    event: Event, document: dict[str, Any]
) -> None:
    messages = list(payloads.messages_of(envelope(event), {PAYER, PAYEE}))
    assert messages
    for message in messages:
        said = orjson.loads(message.body)
        content = document["webhooks"][said["type"]]["post"]["requestBody"]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        jsonschema.validate(said, schema)  # type: ignore[no-untyped-call]
        model = documents.PAYLOADS[said["type"]]
        assert said["data"].keys() <= model.model_fields.keys()


def test_every_event_that_is_told_is_described(document: dict[str, Any]) -> None:
    told = {model for model in vars(contract).values() if _is_event(model)}
    assert told == payloads.PAYMENT_TYPES.keys()
    names = {*payloads.PAYMENT_TYPES.values(), "wallet.funds_moved", "webhook.test"}
    assert document["webhooks"].keys() == names
    for item in document["webhooks"].values():
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        name = schema["properties"]["data"]["$ref"].rpartition("/")[2]
        assert schema["properties"]["data"] == reference(name)
        assert name in document["components"]["schemas"]


def _is_event(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, PaymentEvent) and "type" in vars(model)
