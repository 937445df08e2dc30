"""Owns the sink's mails and refused recipients; knows neither SMTP nor HTTP."""

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Final
from uuid import UUID

from kit.ids import new_id

KEPT: Final = 300
EVERYBODY: Final = "*"


@dataclass(frozen=True, slots=True)
class TakenMail:
    """An accepted mail: the envelope's sender and recipients, subject and text."""

    id: UUID
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str


@dataclass
class Box:
    """The last mails, newest first.

    Attributes: refuse: recipient (or `*` for everybody) → the SMTP code, 4xx or 5xx, that it gets,
    with or without an enhanced code: `550`, `550 5.1.1`. takes_utf8: whether the server offers
    SMTPUTF8 (RFC 6531).
    """

    refuse: Mapping[str, int | str] = field(default_factory=dict)
    takes_utf8: bool = True
    _mails: deque[TakenMail] = field(default_factory=lambda: deque(maxlen=KEPT))

    def refusal(self, recipient: str) -> int | str | None:
        """Return the code that this recipient gets; None if mail to it is accepted."""
        told = {_key(one): code for one, code in self.refuse.items()}
        return told.get(_key(recipient), told.get(EVERYBODY))

    def take(
        self, message: EmailMessage, sender: str, recipients: list[str], now: datetime
    ) -> None:
        """Store a mail; beyond the limit the oldest is dropped."""
        body = message.get_body(("plain",))
        text = "" if body is None else body.get_content()
        subject = str(message.get("Subject", ""))
        self._mails.appendleft(TakenMail(new_id(), now, sender, tuple(recipients), subject, text))

    def mails(self, to: str | None, limit: int) -> list[TakenMail]:
        """Return the newest mails, all or those to one recipient."""
        wanted = None if to is None else _key(to)
        found = [
            mail for mail in self._mails if wanted is None or wanted in map(_key, mail.recipients)
        ]
        return found[:limit]


def _key(recipient: str) -> str:
    """Return the key of an address, the same for `пример.рф` and `xn--…`."""
    local, at, domain = recipient.casefold().rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return f"{local}{at}{domain}"
