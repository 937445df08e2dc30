"""Shapes sessions as their users and administrators see them."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from auth.domain.devices import device_of
from auth.domain.scopes import Scope
from auth.domain.sessions import Session
from kit.web.schemas import Model


class SessionAnswer(Model):
    """A live session."""

    id: UUID = Field(examples=["019abf60-11d0-7a35-8f7c-5d1e0a9b3c42"])
    device: str | None = Field(
        description="What `user_agent` says, for people.", examples=["Firefox on Windows"]
    )
    user_agent: str | None = Field(examples=["Mozilla/5.0"])
    address: str | None = Field(description="Where it was last used.", examples=["203.0.113.7"])
    amr: list[str] = Field(
        description="How its user proved who they are (RFC 8176).", examples=[["pwd"]]
    )
    created_at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    authenticated_at: datetime = Field(
        description="When its user last did so.", examples=["2026-01-31T12:00:00Z"]
    )
    last_used_at: datetime = Field(
        description="When it was last refreshed.", examples=["2026-01-31T18:30:00Z"]
    )
    expires_at: datetime = Field(examples=["2026-02-14T18:30:00Z"])
    is_current: bool = Field(description="Whether this request is part of it.", examples=[True])
    client_id: UUID | None = Field(
        description="The OAuth client that has its tokens; null for our own front ends.",
        examples=[None],
    )
    client_name: str | None = Field(description="Its name.", examples=[None])
    scopes: list[Scope] | None = Field(
        description="What that client may do; null for our own front ends.", examples=[None]
    )

    @classmethod
    def of(cls, session: Session, current: UUID | None) -> Self:
        """Show a session."""
        return cls(
            id=session.id,
            device=device_of(session.user_agent),
            user_agent=session.user_agent,
            address=session.address,
            amr=list(session.amr),
            authenticated_at=session.authenticated_at,
            created_at=session.created_at,
            last_used_at=session.rotated_at,
            expires_at=session.expires_at,
            is_current=session.id == current,
            client_id=session.client_id,
            client_name=session.client_name,
            scopes=None if session.client_id is None else sorted(session.scopes),
        )
