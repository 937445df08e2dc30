"""What a mail is: which kind, to whom, with which facts, and where it stands. No texts here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kit.ids import new_id
from kit.refusals import Language
from notifications.domain.notices import Kind, NewNotice


class MailKind(StrEnum):
    """What a mail tells; the texts of each stand in ``domain/letters.py``."""

    ACTIVATION = "activation"
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    PAYMENT_PAID = "payment_paid"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_RECEIVED = "payment_received"
    REFUND_RECEIVED = "refund_received"
    REFUND_MADE = "refund_made"
    LOGIN_LOCKED = "login_locked"


class Status(StrEnum):
    """Where a mail stands; only a waiting one is looked at again."""

    WAITING = "waiting"
    SENT = "sent"
    NO_ADDRESS = "no_address"
    MUTED = "muted"
    REFUSED = "refused"  # by the recipient's server, or because no such address can be written
    GIVEN_UP = "given_up"


# News that is mailed as well; the other notices are for reading in the application.
ALSO_MAILED: Final[Mapping[Kind, MailKind]] = {
    Kind.PAYMENT_PAID: MailKind.PAYMENT_PAID,
    Kind.PAYMENT_FAILED: MailKind.PAYMENT_FAILED,
    Kind.PAYMENT_RECEIVED: MailKind.PAYMENT_RECEIVED,
    Kind.REFUND_RECEIVED: MailKind.REFUND_RECEIVED,
    Kind.REFUND_MADE: MailKind.REFUND_MADE,
    Kind.LOGIN_LOCKED: MailKind.LOGIN_LOCKED,
}


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to be stored.

    Attributes:
        dedupe_key: what makes a second one the same mail.
        language: None where nobody has said: the default one.
        facts: what the text needs; forgotten once the mail has its end.
    """

    id: UUID
    user_id: UUID
    kind: MailKind
    dedupe_key: str
    other_id: UUID | None
    language: Language | None
    facts: Mapping[str, Any]

    @classmethod
    def of(cls, notice: NewNotice) -> "NewMail":
        """Return the mail that tells the same as a notice."""
        kind = ALSO_MAILED[notice.kind]
        return cls(
            id=new_id(),
            user_id=notice.user_id,
            kind=kind,
            dedupe_key=f"{kind}:{notice.occasion_id or notice.subject_id}:{notice.user_id}",
            other_id=notice.other_id,
            language=None,
            facts=notice.facts,
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """A stored mail that is about to be sent, for the ``attempts``-th time."""

    id: UUID
    user_id: UUID
    kind: MailKind
    other_username: str | None
    language: Language | None
    facts: Mapping[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class Contact:
    """How a person can be reached; ``email`` is None for one who gave none."""

    email: str | None
    username: str | None
