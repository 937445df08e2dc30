"""Sends due mails: claims a batch, asks for addresses, sends, stores results.

Claiming and storing are units of work of their own; asking and sending happen between them.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from kit.db import Database
from kit.db.due import DueWatch
from kit.logs import get_logger
from kit.refusals import Unavailable
from kit.tasks import for_ever
from notifications.clients.auth import ContactsClient
from notifications.domain.addresses import address_hash, can_be_written, mailbox
from notifications.domain.bounces import REMEMBERED, Blame, Verdict, decide_faults
from notifications.domain.mail_texts import mail_text
from notifications.domain.mails import ORDERED, Mail, MailContact, MailStatus
from notifications.domain.retries import wait_after
from notifications.mail.smtp import Accepted, Mailer, SendResult, mime_message
from notifications.repository import Addresses, Mails
from notifications.settings import Settings

BATCH: Final = 100
# Sending a batch stops well before its lease ends, so that no other worker sends the rest, too.
LEASE: Final = timedelta(minutes=5)
SENDING: Final = timedelta(minutes=2)
KEPT: Final = timedelta(days=30)
PURGE_SECONDS: Final = 3600.0

refused = Counter("saldo_mail_refused", "Mails that the mail server refused", ["blame", "stage"])
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReadyMail:
    """A mail with its recipient; `had_faults` if the address was refused lately."""

    mail: Mail
    contact: MailContact
    email: str
    had_faults: bool


@dataclass(frozen=True, slots=True)
class MailWorker:
    """Sends mails; any number of workers, in any process, can run side by side."""

    database: Database
    contacts: ContactsClient
    settings: Settings

    async def run(self) -> None:
        """Send due mails until cancelled."""
        due = DueWatch(self.database, lambda read: Mails(read).next_at())
        await for_ever("notifications.mail", lambda: self._run(due))

    async def purge(self) -> None:
        """Purge mails that ended long ago, and old faults of addresses, until cancelled."""

        async def once() -> None:
            async with self.database.unit_of_work() as uow:
                now = uow.clock.now()
                await Mails(uow).purge(now - KEPT)
                await Addresses(uow).purge(now - REMEMBERED)

        await for_ever("notifications.mail_purge", once, every_seconds=PURGE_SECONDS)

    async def _run(self, due: DueWatch) -> None:
        while True:
            if await self.send_due() < BATCH:
                await due.wait()

    async def send_due(self) -> int:
        """Send one batch; return how many mails were due."""
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
        self, mails: Sequence[Mail], contacts: Mapping[UUID, MailContact]
    ) -> list[ReadyMail]:
        """Return the mails that can be sent, with their recipients; end the others."""
        reachable = [
            (mail, contact, email)
            for mail in mails
            if (contact := contacts.get(mail.user_id)) is not None
            and (email := contact.address_for(mail.kind)) is not None
        ]
        async with self.database.read() as connection:
            hashes = {address_hash(email) for _, _, email in reachable}
            faults = await Addresses(connection).among(hashes) if hashes else {}
        now = self.database.clock.now()
        endings: dict[MailStatus, list[Mail]] = {MailStatus.MUTED: [], MailStatus.REFUSED: []}
        sendable = []
        for mail, contact, email in reachable:
            known = faults.get(address_hash(email))
            if not can_be_written(email):
                endings[MailStatus.REFUSED].append(mail)
            elif known is not None and known.is_muted(now) and mail.kind not in ORDERED:
                endings[MailStatus.MUTED].append(mail)
            else:
                sendable.append(ReadyMail(mail, contact, email, had_faults=known is not None))
        found = {mail.id for mail, _, _ in reachable}
        endings[MailStatus.NO_ADDRESS] = [mail for mail in mails if mail.id not in found]
        async with self.database.unit_of_work() as uow:
            for status, ended in endings.items():
                if ended:
                    await Mails(uow).finish(ended, status, uow.clock.now())
        return sendable

    async def _send(self, mailer: Mailer, ready: Sequence[ReadyMail]) -> None:
        """Send the mails in order; when none can be sent now, put the rest off."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SENDING.total_seconds()
        for position, one in enumerate(ready):
            if loop.time() > until:
                return  # the rest is claimed again when its lease ends
            try:
                outcome = await self._send_one(mailer, one)
            except Exception as error:  # noqa: BLE001 - our own fault with this mail: the others go on
                fault = type(error).__name__  # the error's text may have an address or a link in it
                log.error("mail_not_written", mail_id=str(one.mail.id), error=fault)  # noqa: TRY400
                await self._put_off([one.mail], "not written")
                continue
            if isinstance(outcome, Verdict) and outcome.is_everybodys:
                _tell_of(outcome)
                await self._put_off([rest.mail for rest in ready[position:]], str(outcome))
                return
            await self._note(one, outcome)

    async def _send_one(self, mailer: Mailer, one: ReadyMail) -> SendResult:
        mail, contact = one.mail, one.contact
        said = mail_text(
            mail.kind,
            mail.facts,
            to=contact.username,
            other_username=mail.other_username,
            language=mail.language or contact.language or self.settings.default_language,
        )
        recipient = mailbox(one.email) or one.email
        message = mime_message(
            said,
            mail_id=mail.id,
            sender=self.settings.mail_from,
            recipient=recipient,
            now=self.database.clock.now(),
        )
        return await mailer.send(message, recipient)

    async def _note(self, one: ReadyMail, outcome: SendResult) -> None:
        if isinstance(outcome, Accepted):
            async with self.database.unit_of_work() as uow:
                await Mails(uow).finish([one.mail], MailStatus.SENT, uow.clock.now())
                if one.had_faults:
                    await Addresses(uow).forgive(address_hash(one.email))
            log.info("mail_sent", mail_id=str(one.mail.id), kind=one.mail.kind.value)
            return
        _tell_of(outcome)
        if outcome.blame is not Blame.ADDRESS or not await self._is_muted_by(one, outcome):
            await self._put_off([one.mail], str(outcome))

    async def _is_muted_by(self, one: ReadyMail, verdict: Verdict) -> bool:
        """Store an address's fault; if that mutes it, end the mail and return True."""
        async with self.database.unit_of_work() as uow:
            addresses, now, key = Addresses(uow), uow.clock.now(), address_hash(one.email)
            faults = decide_faults(await addresses.lock(key), now)
            await addresses.save(key, one.mail.user_id, verdict.status or "", faults)
            if not faults.is_muted(now):
                return False
            await Mails(uow).finish([one.mail], MailStatus.REFUSED, now, error=str(verdict))
        log.warning("address_muted", user_id=str(one.mail.user_id), status=verdict.status)
        return True

    async def _put_off(self, mails: Sequence[Mail], error: str) -> None:
        """Postpone mails; give up those that were tried often enough."""
        given_up = [mail for mail in mails if mail.attempts >= self.settings.mail_tries]
        async with self.database.unit_of_work() as uow:
            now = uow.clock.now()
            if given_up:
                await Mails(uow).finish(given_up, MailStatus.GIVEN_UP, now, error=error)
            for mail in mails:
                if mail not in given_up:
                    chance = random.random()  # noqa: S311 - jitter is no secret
                    await Mails(uow).postpone(mail, now + wait_after(mail.attempts, chance), error)
        log.warning("mails_put_off", count=len(mails), given_up=len(given_up), error=error)


def _tell_of(verdict: Verdict) -> None:
    """Count a refusal; log an alarm unless it is about one recipient."""
    refused.labels(verdict.blame, verdict.stage).inc()
    if verdict.is_alarming:
        log.error(
            "mail_server_refuses",
            blame=verdict.blame.value,
            stage=verdict.stage.value,
            code=verdict.code,
            status=verdict.status,
        )
