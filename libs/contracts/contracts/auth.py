"""What auth tells the others: who its users are and where they stand; and what it keeps for them.

Neither names of people nor addresses are in it; what a user may do is in their token.
"""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from kit.messaging.messages import Command, Event

UserStatus = Literal["pending", "active", "disabled", "deleted"]


class UserRegistered(Event):
    """Somebody registered.

    Attributes:
        user_id: the aggregate; also the event's subject.
        number: short integer for banks and people.
        username: as written; None for a user known by e-mail only.
        status: `active` where no activation is asked for, else `pending`.
        has_email: whether mail can reach them; None where that was not told.
    """

    type: ClassVar[str] = "auth.user_registered.v1"

    user_id: UUID
    number: int
    username: str | None
    status: UserStatus
    has_email: bool | None = None


class UserChanged(Event):
    """A user was activated, enabled, disabled, renamed, deleted, or given other roles.

    It carries the whole state after the change, so that a listener that missed one loses nothing.
    A deleted user has no username any more.
    """

    type: ClassVar[str] = "auth.user_changed.v1"

    user_id: UUID
    number: int
    username: str | None
    status: UserStatus
    roles: tuple[str, ...]
    has_email: bool | None = None


class UserLocked(Event):
    """Too many wrong passwords were given for a user; once for each time that it is locked.

    Nobody can log in as this user from where they came until ``until`` (aware UTC). Where that
    was is not told. It has no sequence: it changes nothing of the user.
    """

    type: ClassVar[str] = "auth.user_locked.v1"

    lock_id: UUID
    user_id: UUID
    until: datetime


class RecordAudit(Command):
    """Keep what an administrator did or saw in the service that sends this; see `kit.audit.Act`.

    Written in the transaction of the act, for ever. Answers nothing. ``command_id`` is the id that
    the act has in the log; a second one is ignored. ``owner_ids`` are all whose it is, the first
    of them ``owner_id``; senders of before named one.
    """

    type: ClassVar[str] = "auth.record_audit.v1"

    at: datetime
    actor_id: UUID
    action: str
    subject_kind: str
    subject_id: str | None
    owner_id: UUID | None
    owner_ids: tuple[UUID, ...] = ()
    request_id: str | None
    address: str
