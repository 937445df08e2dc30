"""Stores mails that other services order; a repeated command is the same mail."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.notifications import (
    SendActivation,
    SendAlreadyRegistered,
    SendEmailChange,
    SendPasswordReset,
    SendSecurityNotice,
)
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope
from notifications.domain.mails import MOST_ORDERED, MailKind, NewMail
from notifications.repository import Mails

MailOrder = (
    SendActivation
    | SendAlreadyRegistered
    | SendEmailChange
    | SendPasswordReset
    | SendSecurityNotice
)

_KINDS: Final[Mapping[type, MailKind]] = {
    SendActivation: MailKind.ACTIVATION,
    SendAlreadyRegistered: MailKind.ALREADY_REGISTERED,
    SendPasswordReset: MailKind.PASSWORD_RESET,
    SendSecurityNotice: MailKind.SECURITY_NOTICE,
}


async def order_mails(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store the mails of a batch; their addresses are asked for when they are sent."""
    new = []
    for envelope in envelopes:
        command = envelope.message
        assert isinstance(command, MailOrder)  # noqa: S101 - routed by type
        new.append(
            NewMail(
                id=new_id(),
                user_id=command.user_id,
                kind=_kind(command),
                dedupe_key=str(command.command_id),
                other_id=None,
                language=command.language,
                facts=_facts(command),
            )
        )
    await Mails(uow).add(new, uow.clock.now(), MOST_ORDERED)
    uow.after_commit(uow.wake_up.set)


def _kind(command: MailOrder) -> MailKind:
    if isinstance(command, SendEmailChange):
        return MailKind.NEW_EMAIL if command.to == "new" else MailKind.OLD_EMAIL
    return _KINDS[type(command)]


def _facts(command: MailOrder) -> dict[str, str]:
    match command:
        case SendAlreadyRegistered():
            return {}
        case SendSecurityNotice():
            return {"what": command.what}
    return {"url": command.url, "expires_at": command.expires_at.isoformat()}
