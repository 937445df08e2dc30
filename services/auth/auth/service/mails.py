"""Sends commands for mails to notifications, in the transaction of their cause."""

from dataclasses import dataclass
from uuid import UUID

from auth.domain.links import url_of
from auth.service.links import MadeLink
from contracts.notifications import SendActivation, SendAlreadyRegistered, SendPasswordReset
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

    def _fields(self, user_id: UUID, link: MadeLink) -> "dict[str, object]":
        return {
            "user_id": user_id,
            "url": url_of(self.public_url, link.purpose, link.token),
            "expires_at": link.expires_at,
            "language": self.language,
        }


def _order(uow: UnitOfWork, command: Command) -> None:
    # Its own subject, so that a mail that can't be delivered does not delay the user's events.
    emit(uow, command, subject=str(command.command_id))
