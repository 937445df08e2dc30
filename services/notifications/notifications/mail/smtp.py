"""Speaks SMTP: builds a mail's message, sends it, and reports the result."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final
from uuid import UUID

import aiosmtplib

from kit.db.unit_of_work import a_unit_of_work_is_open
from kit.outgoing import RemoteCallInUnitOfWorkError
from notifications.domain.addresses import mailbox
from notifications.domain.bounces import Blame, Stage, Verdict, judge
from notifications.domain.texts import Words
from notifications.settings import Settings

TIMEOUT_SECONDS: Final = 20.0
_TROUBLE: Final = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has accepted the mail."""


SendResult = Accepted | Verdict


class Mailer:
    """A connection to the mail server, opened on first need."""

    def __init__(self, smtp: aiosmtplib.SMTP) -> None:
        self._smtp = smtp

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Mailer"]:
        """Yield a mailer and close its connection after use."""
        password = settings.smtp_password
        smtp = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            use_tls=settings.smtp_tls == "implicit",
            start_tls=settings.smtp_tls == "starttls",
            username=settings.smtp_user,
            password=None if password is None else password.get_secret_value(),
            timeout=TIMEOUT_SECONDS,
        )
        try:
            yield cls(smtp)
        finally:
            if smtp.is_connected:
                with suppress(*_TROUBLE):
                    await smtp.quit()
            smtp.close()

    async def send(self, message: EmailMessage, recipient: str) -> SendResult:
        """Send a message; no unit of work may be open."""
        if a_unit_of_work_is_open():
            raise RemoteCallInUnitOfWorkError("smtp")
        try:
            if not self._smtp.is_connected:
                await self._smtp.connect()
        except _TROUBLE as error:
            return _of_connection(error)
        try:
            await self._smtp.send_message(message, recipients=[recipient])
        except _TROUBLE as error:
            return _of_mail(error)
        return Accepted()


def _of_connection(error: Exception) -> Verdict:
    """Judge a failure before the first mail; it concerns all of them."""
    return Verdict(Blame.SERVER, Stage.CONNECT, getattr(error, "code", None), _named(error))


def _of_mail(error: Exception) -> Verdict:
    """Judge a failure of a mail to one recipient."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return judge(Stage.RCPT, error.recipients[0].code, error.recipients[0].message)
        case aiosmtplib.SMTPSenderRefused():
            return judge(Stage.MAIL, error.code, error.message)
        case aiosmtplib.SMTPHeloError():
            return _of_connection(error)
        case aiosmtplib.SMTPResponseException():
            return judge(Stage.DATA, error.code, error.message)
        case aiosmtplib.SMTPNotSupported():  # the address needs SMTPUTF8
            return Verdict(Blame.RECIPIENT, Stage.MAIL, status=_named(error))
        case _:  # lost or silent: nothing is known about the state of this connection
            return Verdict(Blame.SERVER, Stage.DATA, status=_named(error))


def mime_message(
    said: Words, *, mail_id: UUID, sender: str, recipient: str, now: datetime
) -> EmailMessage:
    """Return the mail's message; its Message-ID is the same for every attempt.

    Raises:
        ValueError: an address is not safe in its header.
    """
    address = parseaddr(sender)[1]
    written_address = mailbox(address) or address
    domain = written_address.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender.replace(address, written_address)
    message["To"] = recipient
    message["Subject"] = said.title
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
    message.set_content(said.text)
    return message


def _named(error: BaseException) -> str:
    return type(error).__name__
