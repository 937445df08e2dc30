"""Shapes the audit log's queries and answers, with examples."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field

from auth.domain.audit import AuditRecord, Kind
from auth.domain.devices import device_of
from kit.web.queries import SpanQuery, old_name
from kit.web.schemas import Model

_USER_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"


class AuditQuery(SpanQuery):
    """Filters and page of the audit log; all that are given must match."""

    old_names: ClassVar[Mapping[str, str]] = {"actor": "actor_id", "subject": "subject_id"}

    actor_id: UUID | None = Field(None, description="Who did it.")
    actor: UUID | None = old_name("actor_id")
    subject_id: str | None = Field(
        None, max_length=128, description="Id of what it was about, or of anybody who owns it."
    )
    subject: str | None = old_name("subject_id", max_length=128)
    owner_id: UUID | None = Field(None, description="An owner of what it was about.")
    action: str | None = Field(
        None,
        max_length=128,
        description="Id of the operation, or kind of the event.",
        examples=["get_user"],
    )
    service: str | None = Field(
        None, max_length=64, description="Service of the operation.", examples=["wallet"]
    )
    address: str | None = Field(
        None, max_length=64, description="Where it came from.", examples=["203.0.113.7"]
    )

    @property
    def wanted(self) -> dict[str, Any]:
        """The values asked for, by the names of `AuditFilter`."""
        return {
            "actor_id": self.actor_id or self.actor,
            "subject_id": self.subject_id or self.subject,
            "owner_id": self.owner_id,
            "action": self.action,
            "service": self.service,
            "address": self.address,
            "span": self.span,
        }


class EventQuery(SpanQuery):
    """Filters and page of one's own events."""

    kind: Kind | None = Field(None, examples=["login_ok"])


class EventAnswer(Model):
    """An event about the caller's security; what an administrator is, is not told."""

    id: UUID = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c42"])
    at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    kind: Kind = Field(examples=["login_ok"])
    by: Literal["user", "administrator", "unknown"] = Field(
        description="`unknown` where whoever it was did not prove to be the user.",
        examples=["user"],
    )
    subject_kind: str = Field(description="Kind of what it was about.", examples=["session"])
    subject_id: str | None = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c43"])
    device: str | None = Field(examples=["Firefox on Windows"])
    address: str | None = Field(
        description="Where the request came from; null for an administrator's.",
        examples=["203.0.113.7"],
    )
    details: dict[str, str | int] = Field(examples=[{"amr": "pwd"}])

    @classmethod
    def of(cls, event: AuditRecord) -> Self:
        """Show an event to the user whom it concerns."""
        is_theirs = event.actor_id in {None, event.owner_id}
        by: Literal["user", "unknown"] = "unknown" if event.actor_id is None else "user"
        return cls(
            id=event.id,
            at=event.at,
            kind=Kind(event.action),
            by=by if is_theirs else "administrator",
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            device=device_of(event.user_agent) if is_theirs else None,
            address=event.address if is_theirs else None,
            details=dict(event.details),
        )


class AuditEntry(Model):
    """An act of an administrator, or an event about a user's security."""

    id: UUID = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c42"])
    at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    actor_id: UUID | None = Field(
        description="Who did it; null where nobody is known, as after a wrong name.",
        examples=[_USER_ID],
    )
    service: str = Field(description="Service of the operation.", examples=["auth"])
    action: str = Field(
        description="Id of an administrator's operation, or kind of a user's event.",
        examples=["get_user"],
    )
    subject_kind: str = Field(description="Kind of what it was about.", examples=["user"])
    subject_id: str | None = Field(
        description="Id of what it was about; null for a list.", examples=[_USER_ID]
    )
    owner_id: UUID | None = Field(
        description="First owner of what it was about; null if nobody owns it, or everybody.",
        examples=[_USER_ID],
    )
    owner_ids: list[UUID] = Field(
        description="All owners of what it was about, for instance payer and payee of a payment.",
        examples=[[_USER_ID]],
    )
    request_id: str | None = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c43"])
    address: str | None = Field(
        description="Where the request came from; null once its user is deleted.",
        examples=["203.0.113.7"],
    )
    user_agent: str | None = Field(
        description="What its client called itself, of events.", examples=["Mozilla/5.0"]
    )
    details: dict[str, str | int] = Field(examples=[{"reason": "password"}])
