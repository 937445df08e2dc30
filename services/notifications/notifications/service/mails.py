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
        told = envelope.message
        assert isinstance(  # noqa: S101 - routed by type
            told, SendActivation | SendAlreadyRegistered | SendPasswordReset
        )
        facts = {}
        if not isinstance(told, SendAlreadyRegistered):
            facts = {"url": told.url, "expires_at": told.expires_at.isoformat()}
        new.append(
            NewMail(
                id=new_id(),
                user_id=told.user_id,
                kind=_KINDS[type(told)],
                dedupe_key=str(told.command_id),
                other_id=None,
                language=told.language,
                facts=facts,
            )
        )
    await Mails(uow).add(new, uow.clock.now(), MOST_ORDERED)
