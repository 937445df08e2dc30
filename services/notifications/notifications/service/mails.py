"""Stores mails that other services order; a repeated command is the same mail."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.notifications import SendActivation, SendAlreadyRegistered, SendPasswordReset
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope
from notifications.domain.mails import MOST_ORDERED, MailKind, NewMail
from notifications.repository import Mails

_KINDS: Final[Mapping[type, MailKind]] = {
    SendActivation: MailKind.ACTIVATION,
    SendAlreadyRegistered: MailKind.ALREADY_REGISTERED,
    SendPasswordReset: MailKind.PASSWORD_RESET,
}


async def order_mails(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store the mails of a batch; their addresses are asked for when they are sent."""
    new = []
    for envelope in envelopes:
        command = envelope.message
        assert isinstance(  # noqa: S101 - routed by type
            command, SendActivation | SendAlreadyRegistered | SendPasswordReset
        )
        facts = {}
        if not isinstance(command, SendAlreadyRegistered):
            facts = {"url": command.url, "expires_at": command.expires_at.isoformat()}
        new.append(
            NewMail(
                id=new_id(),
                user_id=command.user_id,
                kind=_KINDS[type(command)],
                dedupe_key=str(command.command_id),
                other_id=None,
                language=command.language,
                facts=facts,
            )
        )
    await Mails(uow).add(new, uow.clock.now(), MOST_ORDERED)
