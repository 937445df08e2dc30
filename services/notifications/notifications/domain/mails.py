"""Defines the records of mails: kind, recipient, facts, status. No texts here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kit.ids import new_id
from kit.refusals import Language
from notifications.domain.notices import NewNotice, NoticeKind


class MailKind(StrEnum):
    """The kind of a mail; `domain/mail_texts.py` has the texts."""

    ACTIVATION = "activation"
    ALREADY_REGISTERED = "already_registered"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    OLD_EMAIL = "old_email"
    NEW_EMAIL = "new_email"
    SECURITY_NOTICE = "security_notice"
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
    API_KEY_IN_NEW_PLACE = "api_key_in_new_place"
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    CONFIRMATION_LIMITS_CHANGED = "confirmation_limits_changed"
    EXPORT_READY = "export_ready"
    EXPORT_FAILED = "export_failed"


class MailStatus(StrEnum):
    """The status of a mail; only a waiting one is tried again."""

    WAITING = "waiting"
    SENT = "sent"
    NO_ADDRESS = "no_address"
    MUTED = "muted"
    REFUSED = "refused"  # the mailbox does not exist, or the address is not safe to write
    GIVEN_UP = "given_up"


# News that is also mailed; the other notices appear in the application only.
ALSO_MAILED: Final[Mapping[NoticeKind, MailKind]] = {
    NoticeKind.PAYMENT_PAID: MailKind.PAYMENT_PAID,
    NoticeKind.PAYMENT_FAILED: MailKind.PAYMENT_FAILED,
    NoticeKind.PAYMENT_RECEIVED: MailKind.PAYMENT_RECEIVED,
    NoticeKind.REFUND_RECEIVED: MailKind.REFUND_RECEIVED,
    NoticeKind.REFUND_MADE: MailKind.REFUND_MADE,
    NoticeKind.REFUND_FAILED: MailKind.REFUND_FAILED,
    NoticeKind.REFUND_RETURNED: MailKind.REFUND_RETURNED,
    NoticeKind.PAYMENT_DISPUTED: MailKind.PAYMENT_DISPUTED,
    NoticeKind.DISPUTE_WON: MailKind.DISPUTE_WON,
    NoticeKind.DISPUTE_LOST: MailKind.DISPUTE_LOST,
    NoticeKind.LOGIN_LOCKED: MailKind.LOGIN_LOCKED,
    NoticeKind.API_KEY_IN_NEW_PLACE: MailKind.API_KEY_IN_NEW_PLACE,
    NoticeKind.TOTP_ADDED: MailKind.TOTP_ADDED,
    NoticeKind.TOTP_REMOVED: MailKind.TOTP_REMOVED,
    NoticeKind.PASSKEY_ADDED: MailKind.PASSKEY_ADDED,
    NoticeKind.PASSKEY_REMOVED: MailKind.PASSKEY_REMOVED,
    NoticeKind.CONFIRMATION_LIMITS_CHANGED: MailKind.CONFIRMATION_LIMITS_CHANGED,
    NoticeKind.EXPORT_READY: MailKind.EXPORT_READY,
    NoticeKind.EXPORT_FAILED: MailKind.EXPORT_FAILED,
}


# Somebody has asked for these and waits, so they go before news, and to muted addresses, too.
ORDERED: Final = frozenset(
    {
        MailKind.ACTIVATION,
        MailKind.ALREADY_REGISTERED,
        MailKind.PASSWORD_RESET,
        MailKind.OLD_EMAIL,
        MailKind.NEW_EMAIL,
        MailKind.SECURITY_NOTICE,
    }
)
# So many mails of each kind a person gets in an hour; further news appears in the application only.
MOST_ORDERED: Final = 20
MOST_NEWS: Final = 100


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to store.

    Attributes: dedupe_key: equal for mails that are the same. language: None if nobody has said;
    then the default language. facts: what the text needs; deleted when the mail has ended.
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
        """Return the mail with the same news as a notice."""
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
    """A stored mail about to be sent, for the `attempts`-th time."""

    id: UUID
    user_id: UUID
    kind: MailKind
    other_username: str | None
    language: Language | None
    facts: Mapping[str, Any]
    attempts: int


@dataclass(frozen=True, slots=True)
class MailContact:
    """A person's contact; `email` is None if they gave no address.

    `language` is the language they read, None if they have not said. `pending_email` is the address
    that they want instead, until it has confirmed.
    """

    email: str | None
    username: str | None
    language: Language | None = None
    pending_email: str | None = None

    def address_for(self, kind: MailKind) -> str | None:
        """Return where a mail of a kind goes."""
        return self.pending_email if kind is MailKind.NEW_EMAIL else self.email


@dataclass(frozen=True, slots=True)
class MutedAddress:
    """A person whose address gets no news for a while; the address is not kept.

    `status` is the last enhanced code that its server answered, such as 5.1.1.
    """

    user_id: UUID
    status: str
    count: int
    first_at: datetime
    last_at: datetime
    muted_until: datetime

    @property
    def id(self) -> UUID:
        """The id for its position in the list."""
        return self.user_id

    @property
    def created_at(self) -> datetime:
        """The time that orders the list."""
        return self.last_at
