"""Sends commands for mails to notifications, in the transaction of their cause."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from auth.domain.links import Purpose, url_of
from auth.domain.users import User
from auth.service.links import MadeLink
from contracts.notifications import (
    SecurityNews,
    SendActivation,
    SendAlreadyRegistered,
    SendEmailChange,
    SendPasswordReset,
    SendSecurityNotice,
)
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Command
from kit.messaging.outbox import emit
from kit.refusals import Language


@dataclass(frozen=True, slots=True)
class Mailing:
    """Orders the mails of a request; it has their language and the links' address.

    That address is a setting, never the request's: a forged Host header must not get into a link.
    """

    public_url: str
    language: Language

    def activation(self, uow: UnitOfWork, user_id: UUID, link: MadeLink) -> None:
        """Order the mail with an activation link."""
        _order(uow, SendActivation(command_id=new_id(), **self._fields(user_id, link)))

    def password_reset(self, uow: UnitOfWork, user_id: UUID, link: MadeLink) -> None:
        """Order the mail with a link to set a new password."""
        _order(uow, SendPasswordReset(command_id=new_id(), **self._fields(user_id, link)))

    def already_registered(self, uow: UnitOfWork, user_id: UUID) -> None:
        """Order the mail to the owner of an address used in another registration."""
        order = SendAlreadyRegistered(command_id=new_id(), user_id=user_id, language=self.language)
        _order(uow, order)

    def email_change(self, uow: UnitOfWork, user_id: UUID, link: MadeLink) -> None:
        """Order the mail by which an address, the old or the new one, confirms a change."""
        to: Literal["old", "new"] = "new" if link.purpose is Purpose.NEW_EMAIL else "old"
        fields = self._fields(user_id, link)
        _order(uow, SendEmailChange(command_id=new_id(), to=to, **fields))

    def notice(self, uow: UnitOfWork, user: User, what: SecurityNews) -> None:
        """Order the mail that tells a user, in their language, what has changed."""
        language = user.language
        order = SendSecurityNotice(
            command_id=new_id(), user_id=user.id, what=what, language=language
        )
        _order(uow, order)

    def _fields(self, user_id: UUID, link: MadeLink) -> dict[str, Any]:
        return {
            "user_id": user_id,
            "url": url_of(self.public_url, link.purpose, link.token),
            "expires_at": link.expires_at,
            "language": self.language,
        }


def _order(uow: UnitOfWork, command: Command) -> None:
    # Its own subject, so that a mail that can't be delivered does not delay the user's events.
    emit(uow, command, subject=str(command.command_id))
