"""Shapes changes of e-mail addresses, with examples."""

from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field

from auth.domain.emails import EmailChange
from auth.schemas.users import Email, GivenPassword, LinkToken, UserAnswer
from kit.web.schemas import Model

_LINK_TOKEN = "iX8kq0Zk0oTzU1Yy3Jr4cN2bHw7pQe5sLd9vMf6tGaE"  # noqa: S105 - an example


class EmailChangeRequest(Model):
    """The new address, and the password; it may be left out shortly after a login."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"email": "alice@example.org", "password": "correct horse battery staple"}]
        }
    )

    email: Email
    password: GivenPassword | None = None


class PendingEmail(Model):
    """An address that is one's own once both the old and the new one have confirmed."""

    email: str = Field(examples=["alice@example.org"])
    old_confirmed: bool = Field(
        description="Whether the address of before has; true where there was none.",
        examples=[False],
    )
    new_confirmed: bool = Field(examples=[True])
    expires_at: datetime = Field(examples=["2026-02-02T12:00:00Z"])

    @classmethod
    def of(cls, change: EmailChange) -> Self:
        """Show a change under way."""
        return cls(
            email=change.email,
            old_confirmed=change.old_confirmed,
            new_confirmed=change.new_confirmed,
            expires_at=change.expires_at,
        )


class EmailLink(Model):
    """A link by which an address confirms; it shows a page with a button."""

    address: Literal["old", "new"] = Field(examples=["new"])
    url: str = Field(examples=[f"http://localhost:8000/v1/auth/email/confirm?token={_LINK_TOKEN}"])
    token: str = Field(examples=[_LINK_TOKEN])


class EmailChangeAnswer(Model):
    """The change under way, and its links where they are not mailed."""

    pending: PendingEmail
    links: list[EmailLink] = Field(default_factory=list)


class EmailConfirmation(Model):
    """The token of a mailed link."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": _LINK_TOKEN}]})

    token: LinkToken


class EmailConfirmed(Model):
    """Whether the address is changed now, or the other one has to confirm, too."""

    is_changed: bool = Field(examples=[True])


class MeAnswer(UserAnswer):
    """One's own user, with an address that waits to be confirmed."""

    pending_email: PendingEmail | None = None
