"""What a mail is: which kind, to whom, with which facts, and where it stands. No texts here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    REFUND_FAILED = "refund_failed"
    REFUND_RETURNED = "refund_returned"
    PAYMENT_DISPUTED = "payment_disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    LOGIN_LOCKED = "login_locked"


class MailStatus(StrEnum):
    """Where a mail stands; only a waiting one is looked at again."""

    WAITING = "waiting"
    SENT = "sent"
    NO_ADDRESS = "no_address"
    MUTED = "muted"
    REFUSED = "refused"  # there is no such mailbox, or no such address can be written
    GIVEN_UP = "given_up"


# News that is mailed as well; the other notices are for reading in the application.
ALSO_MAILED: Final[Mapping[Kind, MailKind]] = {
    Kind.PAYMENT_PAID: MailKind.PAYMENT_PAID,
    Kind.PAYMENT_FAILED: MailKind.PAYMENT_FAILED,
    Kind.PAYMENT_RECEIVED: MailKind.PAYMENT_RECEIVED,
    Kind.REFUND_RECEIVED: MailKind.REFUND_RECEIVED,
    Kind.REFUND_MADE: MailKind.REFUND_MADE,
    Kind.REFUND_FAILED: MailKind.REFUND_FAILED,
    Kind.REFUND_RETURNED: MailKind.REFUND_RETURNED,
    Kind.PAYMENT_DISPUTED: MailKind.PAYMENT_DISPUTED,
    Kind.DISPUTE_WON: MailKind.DISPUTE_WON,
    Kind.DISPUTE_LOST: MailKind.DISPUTE_LOST,
    Kind.LOGIN_LOCKED: MailKind.LOGIN_LOCKED,
}


# Asked for by a person just now, who waits for it: sent before news, and to muted addresses too.
ORDERED: Final = frozenset(
    {MailKind.ACTIVATION, MailKind.ALREADY_REGISTERED, MailKind.PASSWORD_RESET}
)
# So many an hour a person gets of either: beyond it news stands in the application alone.
MOST_ORDERED: Final = 20
MOST_NEWS: Final = 100


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
class MailContact:
    """How a person can be reached; ``email`` is None for one who gave none.

    ``language`` is what they read, None where they have not said.
    """

    email: str | None
    username: str | None
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class MutedAddress:
    """Whose address gets no news for a while, and why; the address itself is not kept.

    ``status`` is the enhanced code that its server answered last, such as 5.1.1.
    """

    user_id: UUID
    status: str
    count: int
    first_at: datetime
    last_at: datetime
    muted_until: datetime

    @property
    def id(self) -> UUID:
        """What its place in the list is told apart by."""
        return self.user_id

    @property
    def created_at(self) -> datetime:
        """What the list is ordered by."""
        return self.last_at
