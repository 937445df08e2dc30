"""What a mail server's answer says: whose trouble it is, and when an address is left alone.

Only what names the address itself as wrong for good counts against it (RFC 3463: 5.1.x, 5.2.1),
and only where nothing else was heard of it for a day: a server that refuses everybody for an hour
mutes nobody. Everything else is ours, or the moment's, and is tried again.
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

_LEAVING: Final = 421  # RFC 5321 §3.8: the server closes the connection, at whatever command
_PERMANENT: Final = range(500, 600)
_ENHANCED: Final = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\d)")
# Of 5.1.x those about the recipient; 5.1.7 and 5.1.8 are about the sender's address, 5.1.9 about
# a relay, and 5.1.0 is said of either.
_OF_THE_ADDRESS: Final = frozenset(
    {"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.5", "5.1.6", "5.1.10", "5.2.1"}
)
_OF_THE_MAILBOX: Final = "5.2."
_SAID_OF_MAILBOXES: Final = frozenset({550, 551, 552, 553})


class Stage(StrEnum):
    """What the server was answering."""

    CONNECT = "connect"  # the connection, the greeting, EHLO, STARTTLS, the login
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


class Blame(StrEnum):
    """Whose trouble an answer is."""

    SERVER = "server"  # it could not be spoken to, or broke off
    SENDER = "sender"  # it does not take this from us: relaying, policy, quota, our own address
    RECIPIENT = "recipient"  # not now, or it is not clear why
    ADDRESS = "address"  # there is no such mailbox, or it was closed


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whose trouble it is; ``status`` is the enhanced code, or names what was not an answer."""

    blame: Blame
    stage: Stage
    code: int | None = None
    status: str | None = None

    @property
    def is_alarming(self) -> bool:
        """Whether somebody has to look at the mail server, or at what we are to it."""
        return self.blame in (Blame.SERVER, Blame.SENDER)

    @property
    def is_everybodys(self) -> bool:
        """Whether the next mail over this connection would fare the same."""
        at_mail = self.blame is Blame.SENDER and self.stage is Stage.MAIL
        return self.blame is Blame.SERVER or at_mail

    def __str__(self) -> str:
        """Name the fault, and no address: what servers say may hold one."""
        return " ".join(str(part) for part in (self.stage, self.code, self.status) if part)


def judge(stage: Stage, code: int, text: str) -> Verdict:
    """Return whose trouble an answer to one recipient's mail is; ``text`` may have many lines."""
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
    """What was heard of an address that is wrong, since mail last went there."""

    count: int
    first_at: datetime
    last_at: datetime
    muted_until: datetime | None = None

    def is_muted(self, now: datetime) -> bool:
        """Tell whether nothing but what people ask for themselves is sent there now."""
        return self.muted_until is not None and now < self.muted_until


def decide_faults(before: AddressFaults | None, now: datetime) -> AddressFaults:
    """Return how an address stands after one more fault: counted by the hour, muted after a day.

    A mute has an end; the mail after it is an attempt, and mutes again where it is refused.
    """
    if before is None or now - before.last_at > REMEMBERED:
        return AddressFaults(1, now, now)
    is_counted = now - before.last_at >= COUNTED_APART
    count = before.count + 1 if is_counted else before.count
    last_at = now if is_counted else before.last_at
    is_enough = count >= FAULTS and now - before.first_at >= REFUSED_FOR
    return AddressFaults(count, before.first_at, last_at, now + MUTED_FOR if is_enough else None)
