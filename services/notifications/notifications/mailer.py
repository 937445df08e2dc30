"""Speaks SMTP: writes a mail down as a message, hands it to the server, says how that went."""

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
from notifications.domain.texts import Words
from notifications.settings import Settings

TIMEOUT_SECONDS: Final = 20.0
_PERMANENT: Final = range(500, 600)
_TROUBLE: Final = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has the mail now."""


@dataclass(frozen=True, slots=True)
class Bounced:
    """The server will never take mail to this recipient."""

    code: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """It may work later; ``error`` names the fault and no address.

    ``is_away`` says that the server could not be spoken to at all.
    """

    error: str
    is_away: bool


Outcome = Taken | Bounced | Trouble


class Mailer:
    """One connection to the mail server, opened on first need."""

    def __init__(self, smtp: aiosmtplib.SMTP) -> None:
        self._smtp = smtp

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Mailer"]:
        """Give a connection that is closed after use."""
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

    async def send(self, message: EmailMessage, recipient: str) -> Outcome:
        """Hand a message over; no unit of work may be open."""
        if a_unit_of_work_is_open():
            raise RemoteCallInUnitOfWorkError("smtp")
        try:
            if not self._smtp.is_connected:
                await self._smtp.connect()
        except _TROUBLE as error:
            return Trouble(_named(error), is_away=True)
        try:
            await self._smtp.send_message(message, recipients=[recipient])
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            return Bounced(code) if code in _PERMANENT else Trouble(f"RCPT {code}", is_away=False)
        except _TROUBLE as error:
            return Trouble(_named(error), is_away=not self._smtp.is_connected)
        return Taken()


def written(
    said: Words, *, mail_id: UUID, sender: str, recipient: str, now: datetime
) -> EmailMessage:
    """Return the message; its id is the same however often it is sent.

    Raises:
        ValueError: an address would break out of its header.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = said.title
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    message.set_content(said.text)
    return message


def _named(error: BaseException) -> str:
    code = getattr(error, "code", None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"
