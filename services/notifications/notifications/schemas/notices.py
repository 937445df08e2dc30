"""Shapes answers about notices and muted addresses; the domain has the texts."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import decimal_text
from kit.refusals import Language
from kit.web.schemas import Model
from notifications.domain.mails import MutedAddress
from notifications.domain.notices import Notice, NoticeKind
from notifications.domain.texts import words

_EXAMPLE: dict[str, Any] = {
    "id": "0197a1e0-1b7a-7c11-8d5e-3f4a5b6c7d08",
    "kind": "payment_received",
    "title": "Money received",
    "text": "You received 150.00 RUB from alice.",
    "subject_id": "0197a1df-6a11-7b52-a1c3-5e6f7a8b9c03",
    "amount": "150.00",
    "currency": "RUB",
    "created_at": "2026-01-31T12:00:05Z",
    "read_at": None,
}


class NoticeAnswer(Model):
    """A notice to the caller; title and text are in the caller's language."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: UUID
    kind: NoticeKind
    title: str
    text: str
    subject_id: UUID = Field(
        description="The payment, transfer, budget, export, webhook endpoint or user that it is"
        " about."
    )
    amount: str | None = None
    currency: str | None = None
    created_at: datetime
    read_at: datetime | None = Field(None, description="When it was read; null if it is unread.")

    @classmethod
    def of(cls, notice: Notice, language: Language) -> Self:
        """Show a notice in a language."""
        said = words(notice.kind, notice.facts, notice.other_username, language)
        minor, currency = notice.facts.get("amount_minor"), notice.facts.get("currency")
        return cls(
            id=notice.id,
            kind=notice.kind,
            title=said.title,
            text=said.text,
            subject_id=notice.subject_id,
            amount=None if minor is None or currency is None else decimal_text(minor, currency),
            currency=currency,
            created_at=notice.created_at,
            read_at=notice.read_at,
        )


class ReadAnswer(Model):
    """The number of notices marked as read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"read": 3}]})

    read: int


class MutedAddressAnswer(Model):
    """A person whose address gets no news by mail for now.

    Mails that the person asks for are still sent. The address is not kept. The mute ends at
    `muted_until`, when the person has another address, or when an administrator lifts it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "owner_id": "0197a1d0-0a6f-7c00-8c4d-2e3f4a5b6c01",
                    "status": "5.1.1",
                    "refusals": 4,
                    "first_refused_at": "2026-01-30T12:00:05Z",
                    "last_refused_at": "2026-01-31T12:03:11Z",
                    "muted_until": "2026-02-07T12:03:11Z",
                }
            ]
        }
    )

    owner_id: UUID
    status: str = Field(description="The last status code of its server (RFC 3463).")
    refusals: int = Field(description="The number of refusals, at most one an hour.")
    first_refused_at: datetime
    last_refused_at: datetime
    muted_until: datetime

    @classmethod
    def of(cls, muted: MutedAddress) -> Self:
        """Show a muted address."""
        return cls(
            owner_id=muted.user_id,
            status=muted.status,
            refusals=muted.count,
            first_refused_at=muted.first_at,
            last_refused_at=muted.last_at,
            muted_until=muted.muted_until,
        )
