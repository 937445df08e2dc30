"""Shapes inboxes' requests and answers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.fields import refuse_field
from kit.web.schemas import Model
from sandbox.inbox.box import Inbox, Webhook
from sandbox.inbox.signatures import Check, secret_key

_URL = "http://localhost:8000/sandbox/inbox/mine"
_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 - an example
_STATE: dict[str, Any] = {
    "name": "mine",
    "url": _URL,
    "page": f"{_URL}/page",
    "has_secret": True,
    "answer_with": 200,
    "received": 1,
    "kept": 1,
}
_WEBHOOK: dict[str, Any] = {
    "id": "0197a1e2-4c1d-7d12-9e6f-4a5b6c7d8e09",
    "received_at": "2026-01-31T12:00:06Z",
    "signature": "valid",
    "type": "payment.paid",
    "webhook_id": "5f0c8a54-6f0e-5d0a-9f64-0b8f3f6d1c12",
    "payload": {"type": "payment.paid", "timestamp": "2026-01-31T12:00:05Z", "data": {}},
    "body": '{"type":"payment.paid","timestamp":"2026-01-31T12:00:05Z","data":{}}',
    "headers": {"webhook-id": "5f0c8a54-6f0e-5d0a-9f64-0b8f3f6d1c12"},
}


def _readable(secret: str) -> str:
    try:
        secret_key(secret)
    except ValueError:
        raise refuse_field(
            "malformed",
            "Write the secret as it was shown: whsec_ and base64.",
            "Запишите секрет так, как он был показан: whsec_ и base64.",
        ) from None
    return secret


# How many characters of base64 make whole bytes is more than its pattern says.
Secret = Annotated[
    str,
    Field(max_length=200, json_schema_extra={"pattern": "^whsec_([A-Za-z0-9+/]{4})+$"}),
    AfterValidator(_readable),
]


class InboxSettings(Model):
    """The settings of an inbox."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"secret": _SECRET}]})

    secret: Secret | None = Field(
        None,
        description="The endpoint's secret, as shown when it was created. Webhooks that came before"
        " are checked by it, too.",
    )
    answer_with: int = Field(200, ge=200, le=599, description="The status that senders get.")


class InboxState(Model):
    """The state of an inbox."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STATE]})

    name: str
    url: str = Field(description="The URL to send webhooks to: an endpoint's `url`.")
    page: str = Field(description="The URL of its page.")
    has_secret: bool
    answer_with: int
    received: int = Field(description="How many webhooks have come since it was created.")
    kept: int

    @classmethod
    def of(cls, inbox: Inbox, public_url: str, inbox_url: str) -> Self:
        """Show an inbox, without its secret."""
        return cls(
            name=inbox.name,
            url=f"{inbox_url}/sandbox/inbox/{inbox.name}",
            page=f"{public_url}/sandbox/inbox/{inbox.name}/page",
            has_secret=inbox.secret is not None,
            answer_with=inbox.answer_with,
            received=inbox.received,
            kept=inbox.kept,
        )


class InboxList(Model):
    """All inboxes, the last used first; there are never many."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_STATE]}]})

    items: list[InboxState]


class WebhookAnswer(Model):
    """A webhook that came in."""

    model_config = ConfigDict(json_schema_extra={"examples": [_WEBHOOK]})

    id: UUID
    received_at: datetime
    signature: Check = Field(
        description="`valid`; `invalid`: signed with another secret, or changed on its way;"
        " `stale`: more than five minutes old; `missing`: not signed; `unchecked`: the inbox has no"
        " secret."
    )
    type: str | None = None
    webhook_id: str | None = None
    payload: Any = Field(None, description="The body as JSON; null if it is not JSON.")
    body: str = Field(description="The body as text, as it came.")
    headers: dict[str, str] = Field(description="The webhook headers, content type and user agent.")

    @classmethod
    def of(cls, webhook: Webhook, signature: Check) -> Self:
        """Show a webhook."""
        return cls(
            id=webhook.id,
            received_at=webhook.received_at,
            signature=signature,
            type=webhook.type,
            webhook_id=webhook.headers.get("webhook-id"),
            payload=webhook.payload,
            body=webhook.body.decode(errors="replace"),
            headers=dict(webhook.headers),
        )


class InboxContents(InboxState):
    """An inbox with its webhooks, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_STATE, "items": [_WEBHOOK]}]})

    items: list[WebhookAnswer]


class Taken(Model):
    """The answer that senders get."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": _WEBHOOK["id"], "signature": "valid"}]}
    )

    id: UUID
    signature: Check
