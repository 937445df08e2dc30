"""Decides what a mail server's refusal means, and when an address is muted.

A refusal counts against an address only if it says that the address itself is wrong for good (RFC
3463: 5.1.x, 5.2.1), and mutes it only if nothing else is answered for a day. So a server that
refuses everybody for an hour mutes nobody. All other refusals are our own fault or temporary, and
are tried again.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FAULTS: Final = 3
COUNTED_APART: Final = timedelta(hours=1)
REFUSED_FOR: Final = timedelta(hours=24)
MUTED_FOR: Final = timedelta(days=7)
REMEMBERED: Final = timedelta(days=30)

_LEAVING: Final = 421  # RFC 5321 §3.8: the server closes the connection, after any command
_PERMANENT: Final = range(500, 600)
_ENHANCED: Final = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\d)")
# The codes 5.1.x about the recipient; 5.1.7 and 5.1.8 are about the sender's address, 5.1.9 about
# a relay, and 5.1.0 is used for any of them.
_OF_THE_ADDRESS: Final = frozenset(
    {"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.5", "5.1.6", "5.1.10", "5.2.1"}
)
_OF_THE_MAILBOX: Final = "5.2."
_SAID_OF_MAILBOXES: Final = frozenset({550, 551, 552, 553})


class Stage(StrEnum):
    """The stage of SMTP at which the server answered."""

    CONNECT = "connect"  # the connection, the greeting, EHLO, STARTTLS, the login
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


class Blame(StrEnum):
    """The party that an answer is about."""

    SERVER = "server"  # there is no connection, or it was lost
    SENDER = "sender"  # it refuses us: relaying, policy, quota, our own address
    RECIPIENT = "recipient"  # it refuses for now, or for an unclear reason
    ADDRESS = "address"  # the mailbox does not exist, or was closed


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judged failure; `status` is the enhanced code, or names a lost connection."""

    blame: Blame
    stage: Stage
    code: int | None = None
    status: str | None = None

    @property
    def is_alarming(self) -> bool:
        """Whether somebody has to check the mail server or our settings for it."""
        return self.blame in (Blame.SERVER, Blame.SENDER)

    @property
    def is_everybodys(self) -> bool:
        """Whether the next mail over this connection would fail in the same way."""
        at_mail = self.blame is Blame.SENDER and self.stage is Stage.MAIL
        return self.blame is Blame.SERVER or at_mail

    def __str__(self) -> str:
        """Name the fault without the server's text, which may have an address in it."""
        return " ".join(str(part) for part in (self.stage, self.code, self.status) if part)


def judge(stage: Stage, code: int, text: str) -> Verdict:
    """Judge an answer to one recipient's mail; `text` may have several lines."""
    found = _ENHANCED.match(text)
    status = found[1] if found else None
    return Verdict(_blame(stage, code, status), stage, code, status)


def _blame(stage: Stage, code: int, status: str | None) -> Blame:
    if stage is Stage.CONNECT or code == _LEAVING:
        return Blame.SERVER
    if stage is Stage.MAIL:
        return Blame.SENDER
    if code not in _PERMANENT:
        return Blame.RECIPIENT
    if status is None:
        return Blame.RECIPIENT if code in _SAID_OF_MAILBOXES else Blame.SENDER
    if status in _OF_THE_ADDRESS:
        return Blame.ADDRESS
    return Blame.RECIPIENT if status.startswith(_OF_THE_MAILBOX) else Blame.SENDER


@dataclass(frozen=True, slots=True)
class AddressFaults:
    """The faults of an address since a mail to it last succeeded."""

    count: int
    first_at: datetime
    last_at: datetime
    muted_until: datetime | None = None

    def is_muted(self, now: datetime) -> bool:
        """Tell whether the address now gets only the mails that people ask for."""
        return self.muted_until is not None and now < self.muted_until


def decide_faults(before: AddressFaults | None, now: datetime) -> AddressFaults:
    """Return an address's faults after one more; three over a day mute it.

    Faults within an hour count once. A mute ends, the next mail is an attempt, and another refusal
    mutes again.
    """
    if before is None or now - before.last_at > REMEMBERED:
        return AddressFaults(1, now, now)
    is_counted = now - before.last_at >= COUNTED_APART
    count = before.count + 1 if is_counted else before.count
    last_at = now if is_counted else before.last_at
    is_enough = count >= FAULTS and now - before.first_at >= REFUSED_FOR
    return AddressFaults(count, before.first_at, last_at, now + MUTED_FOR if is_enough else None)
