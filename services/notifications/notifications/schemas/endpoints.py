"""Shapes webhook endpoints' requests and answers; the domain has the rules."""

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.characters import holds_unseen
from kit.web.fields import refuse_field
from kit.web.schemas import Model
from kit.web.texts import ANY_LINE
from notifications.domain.endpoints import Endpoint, EventType, NewEndpoint, OffReason
from notifications.domain.webhook_urls import LONGEST_URL
from notifications.webhooks.vault import secret_text

_ENDPOINT: Final[dict[str, Any]] = {
    "id": "0197a1e0-1b7a-7c11-8d5e-3f4a5b6c7d10",
    "owner_id": "0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01",
    "url": "https://shop.example.com/saldo-events",
    "description": "The shop's back office",
    "event_types": ["payment.paid", "payment.failed"],
    "is_active": True,
    "off_reason": None,
    "off_at": None,
    "old_secret_until": None,
    "created_at": "2026-01-31T12:00:00Z",
}


def _visible(text: str) -> str:
    if holds_unseen(text):
        raise refuse_field(
            "malformed",
            "Must not hold control characters.",
            "Не должно содержать управляющих знаков.",
        )
    return text


def _all_different(types: list[EventType] | None) -> list[EventType] | None:
    if types is not None and len(set(types)) != len(types):
        raise refuse_field(
            "repeated", "Name every event type once.", "Укажите каждый тип события один раз."
        )
    return types


Url = Annotated[
    str,
    Field(
        description="The URL that events are POSTed to: https, port 443 or 8443, a public address."
        " In development also http (port 80 or 8080), and this machine itself (`localhost`,"
        " `127.0.0.1`, `[::1]`) at any port from 1024 on.",
        min_length=1,
        max_length=LONGEST_URL,
        json_schema_extra={"pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s]+$"},
        examples=[_ENDPOINT["url"]],
    ),
]
EndpointNote = Annotated[
    str,
    Field(
        description="The owner's own note.",
        max_length=200,
        json_schema_extra=ANY_LINE,
        examples=["The shop's back office"],
    ),
    AfterValidator(_visible),
]
EventTypes = Annotated[
    list[EventType] | None,
    Field(
        description="The events to send; null for all, including future types.",
        min_length=1,
        max_length=50,
        json_schema_extra={"uniqueItems": True},
        examples=[["payment.paid", "payment.failed"], None],
    ),
    AfterValidator(_all_different),
]


class EndpointRequest(Model):
    """An endpoint to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": _ENDPOINT["url"], "event_types": _ENDPOINT["event_types"]}]
        }
    )

    url: Url
    event_types: EventTypes = None
    description: EndpointNote | None = None

    @property
    def new_endpoint(self) -> NewEndpoint:
        """The values, as the domain takes them."""
        types = None if self.event_types is None else tuple(self.event_types)
        return NewEndpoint(self.url, self.description, types)


class EndpointChanges(Model):
    """Changes to an endpoint; fields left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": False}]})

    url: Url | None = None
    event_types: EventTypes = None
    description: EndpointNote | None = None
    is_active: bool | None = Field(None, description="false: off; true: on, like a new one.")

    @property
    def changes(self) -> dict[str, Any]:
        """The given fields; null counts only for description and event_types."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if given.get("event_types") is not None:
            given["event_types"] = tuple(given["event_types"])
        needed = {"url", "is_active"}
        return {name: v for name, v in given.items() if v is not None or name not in needed}


class EndpointAnswer(Model):
    """A webhook endpoint."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENDPOINT]})

    id: UUID
    owner_id: UUID
    url: str
    description: str | None = None
    event_types: list[str] | None = Field(None, description="Null for all.")
    is_active: bool
    off_reason: OffReason | None = Field(
        None,
        description="Why it is off: its `owner` switched it off, it answered 410 (`gone`), or ten"
        " attempts in a row failed (`failing`).",
    )
    off_at: datetime | None = None
    old_secret_until: datetime | None = Field(
        None, description="Until then the previous secret signs, too."
    )
    created_at: datetime

    @classmethod
    def of(cls, endpoint: Endpoint, **more: Any) -> Self:
        """Show an endpoint."""
        return cls(
            id=endpoint.id,
            owner_id=endpoint.user_id,
            url=endpoint.url,
            description=endpoint.description,
            event_types=None if endpoint.event_types is None else list(endpoint.event_types),
            is_active=endpoint.is_active,
            off_reason=endpoint.off_reason,
            off_at=endpoint.off_at,
            old_secret_until=endpoint.old_secret_until,
            created_at=endpoint.created_at,
            **more,
        )


class EndpointWithSecret(EndpointAnswer):
    """An endpoint with a new secret."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{**_ENDPOINT, "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}]
        }
    )

    secret: str | None = Field(
        None,
        description="The key of the signatures, shown only once. A request repeated with its"
        " Idempotency-Key gets null: if the secret was lost, rotate it.",
    )

    def revealing(self, secret: bytes) -> Self:
        """Return a copy with the secret."""
        return self.model_copy(update={"secret": secret_text(secret)})


class RotateRequest(Model):
    """How to replace a secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: int = Field(
        24,
        ge=0,
        le=168,
        description="How long the old secret signs, too; 0 if it has leaked.",
    )
