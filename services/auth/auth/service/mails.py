"""Orders mails from notifications, in the transaction that made what they tell."""

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
    """How mails are written for this request: where links lead, and in which language.

    The address of a link is a setting, never the request's: a forged Host header must not enter.
    """

    public_url: str
    language: Language

    def activation(self, uow: UnitOfWork, user_id: UUID, link: MadeLink) -> None:
        """Order the mail with an activation link."""
        _order(uow, SendActivation(command_id=new_id(), **self._told(user_id, link)))

    def password_reset(self, uow: UnitOfWork, user_id: UUID, link: MadeLink) -> None:
        """Order the mail with a link to set a new password."""
        _order(uow, SendPasswordReset(command_id=new_id(), **self._told(user_id, link)))

    def already_registered(self, uow: UnitOfWork, user_id: UUID) -> None:
        """Order the mail that tells of a registration with a used address."""
        order = SendAlreadyRegistered(command_id=new_id(), user_id=user_id, language=self.language)
        _order(uow, order)

    def _told(self, user_id: UUID, link: MadeLink) -> "dict[str, object]":
        return {
            "user_id": user_id,
            "url": url_of(self.public_url, link.purpose, link.token),
            "expires_at": link.expires_at,
            "language": self.language,
        }


def _order(uow: UnitOfWork, command: Command) -> None:
    # A subject of its own: a mail that can't be delivered must not hold the user's events back.
    emit(uow, command, subject=str(command.command_id))
