"""What the list of administrators' acts takes and answers, with examples."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from kit.web.queries import SpanQuery, old_name
from kit.web.schemas import Model

_USER_ID = "019abf5e-3b1c-7cc2-9a4e-2f6d0c1b7a90"


class AuditQuery(SpanQuery):
    """Filters and page of the list; all that are given must fit."""

    old_names: ClassVar[Mapping[str, str]] = {"actor": "actor_id", "subject": "subject_id"}

    actor_id: UUID | None = Field(None, description="Who did it.")
    actor: UUID | None = old_name("actor_id")
    subject_id: str | None = Field(
        None, max_length=128, description="Id of what it was about, or of anybody whose it is."
    )
    subject: str | None = old_name("subject_id", max_length=128)
    owner_id: UUID | None = Field(None, description="Whose it was about, or also theirs.")
    action: str | None = Field(
        None, max_length=128, description="Id of the operation.", examples=["get_user"]
    )
    service: str | None = Field(
        None, max_length=64, description="Whose operation.", examples=["wallet"]
    )

    @property
    def wanted(self) -> dict[str, Any]:
        """What is asked for, by the names of `AuditFilter`."""
        return {
            "actor_id": self.actor_id or self.actor,
            "subject_id": self.subject_id or self.subject,
            "owner_id": self.owner_id,
            "action": self.action,
            "service": self.service,
            "span": self.span,
        }


class AuditEntry(Model):
    """What an administrator did or saw."""

    id: UUID = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c42"])
    at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    actor_id: UUID = Field(description="Who.", examples=[_USER_ID])
    service: str = Field(description="Where.", examples=["auth"])
    action: str = Field(description="Id of the operation.", examples=["get_user"])
    subject_kind: str = Field(description="What it was about.", examples=["user"])
    subject_id: str | None = Field(description="Which one; null for a list.", examples=[_USER_ID])
    owner_id: UUID | None = Field(
        description="Whose it is, the first of them; null where it is nobody's, or everybody's.",
        examples=[_USER_ID],
    )
    owner_ids: list[UUID] = Field(
        description="All whose it is: payer and payee of a payment, for instance.",
        examples=[[_USER_ID]],
    )
    request_id: str | None = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c43"])
    address: str = Field(description="Where the request came from.", examples=["203.0.113.7"])
