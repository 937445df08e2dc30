"""Sends the mails that are due, again and again: claims a batch, asks for addresses, sends, notes.

Claiming and noting are units of work of their own; asking and sending happen between them.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.logs import get_logger
from kit.refusals import Unavailable
from kit.tasks import for_ever
from notifications.contacts import Contacts
from notifications.domain.addresses import address_hash, can_be_written
from notifications.domain.letters import letter
from notifications.domain.mails import Contact, Mail, Status
from notifications.domain.retrying import wait_after
from notifications.mailer import Bounced, Mailer, Taken, Trouble, written
from notifications.repository import Mails
from notifications.settings import Settings

BATCH: Final = 100
# Sending a batch stops well before its lease ends, so that nobody sends the rest beside us.
LEASE: Final = timedelta(minutes=5)
SENDING: Final = timedelta(minutes=2)
IDLE_SECONDS: Final = 0.5
KEPT: Final = timedelta(days=30)
PURGE_SECONDS: Final = 3600.0

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Postman:
    """Sends mails; any number of them, in any number of processes, get in nobody's way."""

    database: Database
    contacts: Contacts
    settings: Settings

    async def run(self) -> None:
        """Send what is due until cancelled."""
        await for_ever("notifications.mail", self._send_all_due, every_seconds=IDLE_SECONDS)

    async def purge(self) -> None:
        """Delete mails that ended long ago, until cancelled."""

        async def once() -> None:
            async with self.database.unit_of_work() as uow:
                await Mails(uow).purge(uow.clock.now() - KEPT)

        await for_ever("notifications.mail_purge", once, every_seconds=PURGE_SECONDS)

    async def _send_all_due(self) -> None:
        while await self.send_due() == BATCH:
            pass

    async def send_due(self) -> int:
        """Send one batch; returns how many mails were due."""
        async with self.database.unit_of_work() as uow:
            mails = await Mails(uow).claim(uow.clock.now(), LEASE, BATCH)
        if not mails:
            return 0
        try:
            contacts = await self.contacts.of({mail.user_id for mail in mails})
        except Unavailable:
            await self._put_off(mails, "auth unavailable")
            return len(mails)
        sendable = await self._with_address(mails, contacts)
        async with Mailer.open(self.settings) as mailer:
            await self._send(mailer, sendable)
        return len(mails)

    async def _with_address(
        self, mails: Sequence[Mail], contacts: Mapping[UUID, Contact]
    ) -> list[tuple[Mail, Contact, str]]:
        """Return the mails that can be sent, with whom and where to; end the others."""
        reachable = [
            (mail, contact, contact.email)
            for mail in mails
            if (contact := contacts.get(mail.user_id)) is not None and contact.email is not None
        ]
        async with self.database.read() as connection:
            hashes = {address_hash(email) for _, _, email in reachable}
            muted = await Mails(connection).muted_among(hashes) if hashes else set()
        endings: dict[Status, list[Mail]] = {Status.MUTED: [], Status.REFUSED: []}
        sendable = []
        for mail, contact, email in reachable:
            if not can_be_written(email):
                endings[Status.REFUSED].append(mail)
            elif address_hash(email) in muted:
                endings[Status.MUTED].append(mail)
            else:
                sendable.append((mail, contact, email))
        found = {mail.id for mail, _, _ in reachable}
        endings[Status.NO_ADDRESS] = [mail for mail in mails if mail.id not in found]
        async with self.database.unit_of_work() as uow:
            for status, ended in endings.items():
                if ended:
                    await Mails(uow).finish(ended, status, uow.clock.now())
        return sendable

    async def _send(self, mailer: Mailer, mails: Sequence[tuple[Mail, Contact, str]]) -> None:
        """Send one after the other; where the server is away the rest is put off with the first."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SENDING.total_seconds()
        for position, (mail, contact, email) in enumerate(mails):
            if loop.time() > until:
                return  # the rest is claimed again when its lease ends
            outcome = await self._send_one(mailer, mail, contact, email)
            if isinstance(outcome, Trouble) and outcome.is_away:
                await self._put_off([mail for mail, _, _ in mails[position:]], outcome.error)
                return
            await self._note(mail, email, outcome)

    async def _send_one(
        self, mailer: Mailer, mail: Mail, contact: Contact, email: str
    ) -> Taken | Bounced | Trouble:
        said = letter(
            mail.kind,
            mail.facts,
            to=contact.username,
            other_username=mail.other_username,
            language=mail.language or self.settings.default_language,
        )
        message = written(
            said,
            mail_id=mail.id,
            sender=self.settings.mail_from,
            recipient=email,
            now=self.database.clock.now(),
        )
        return await mailer.send(message, email)

    async def _note(self, mail: Mail, email: str, outcome: Taken | Bounced | Trouble) -> None:
        match outcome:
            case Trouble(error):
                await self._put_off([mail], error)
            case Taken():
                async with self.database.unit_of_work() as uow:
                    await Mails(uow).finish([mail], Status.SENT, uow.clock.now())
                log.info("mail_sent", mail_id=str(mail.id), kind=mail.kind.value)
            case Bounced(code):
                async with self.database.unit_of_work() as uow:
                    mails, now = Mails(uow), uow.clock.now()
                    await mails.mute(address_hash(email), mail.user_id, code, now)
                    await mails.finish([mail], Status.REFUSED, now, error=f"RCPT {code}")
                log.warning("address_muted", user_id=str(mail.user_id), code=code)

    async def _put_off(self, mails: Sequence[Mail], error: str) -> None:
        """Have mails tried again later; those that were tried often enough are given up."""
        given_up = [mail for mail in mails if mail.attempts >= self.settings.mail_tries]
        async with self.database.unit_of_work() as uow:
            now = uow.clock.now()
            if given_up:
                await Mails(uow).finish(given_up, Status.GIVEN_UP, now, error=error)
            for mail in mails:
                if mail not in given_up:
                    chance = random.random()  # noqa: S311 - jitter is no secret
                    await Mails(uow).postpone(mail, now + wait_after(mail.attempts, chance), error)
        log.warning("mails_put_off", count=len(mails), given_up=len(given_up), error=error)
