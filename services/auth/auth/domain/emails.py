"""Decides about changes of e-mail addresses, which both addresses have to confirm."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from auth.domain.links import Purpose
from auth.domain.names import email_key
from auth.domain.users import User
from auth.refusals import EmailUnchanged


@dataclass(frozen=True, slots=True)
class EmailChange:
    """A change of a user's address that is not yet confirmed by both.

    Whoever has no address yet needs no confirmation of an old one.
    """

    user_id: UUID
    email: str
    expires_at: datetime
    old_confirmed: bool = False
    new_confirmed: bool = False

    @property
    def is_confirmed(self) -> bool:
        """Whether both addresses have confirmed."""
        return self.old_confirmed and self.new_confirmed

    def confirmed_by(self, purpose: Purpose) -> "EmailChange":
        """Return the change after the link of one address was used."""
        if purpose is Purpose.OLD_EMAIL:
            return replace(self, old_confirmed=True)
        return replace(self, new_confirmed=True)


def ask_email_change(user: User, email: str, expires_at: datetime) -> EmailChange:
    """Return the change that a user asks for.

    Raises:
        EmailUnchanged: it is the user's address already, however it is spelt.
    """
    if user.email is not None and email_key(user.email) == email_key(email):
        raise EmailUnchanged
    return EmailChange(user.id, email, expires_at, old_confirmed=user.email is None)


def decide_email_change(user: User, change: EmailChange) -> User:
    """Return the user with the new address; other services learn that there is one."""
    return replace(user, email=change.email, version=user.version + 1)
