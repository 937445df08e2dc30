"""Defines auth's messages: who its users are, and what it records for others.

Neither names of people nor addresses are in it; what a user may do is in their token.
"""

from typing import ClassVar, Literal
from uuid import UUID

from kit.messaging.messages import Command, Event, Timestamp

UserStatus = Literal["pending", "active", "disabled", "deleted"]


class UserRegistered(Event):
    """A user registered.

    Attributes:
        user_id: the aggregate; also the event's subject.
        number: short integer for banks and people.
        username: as written; None for a user known by e-mail only.
        status: `active` where no activation is asked for, else `pending`.
        has_email: whether mail can reach them; None in events that do not say it.
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
    """A user was locked, because too many wrong passwords were given.

    Until ``until`` (aware UTC) nobody can log in as this user from where they came; if they came
    from many places, others than those that the user is known at have to wait, too. The event does
    not say where that was. It has no sequence: it changes nothing of the user.
    """

    type: ClassVar[str] = "auth.user_locked.v1"

    lock_id: UUID
    user_id: UUID
    until: Timestamp


class ApiKeyInNewPlace(Event):
    """A user's API key was used from a network that it had not been used from.

    It is not emitted for the first network of a key. ``hint`` is how the key begins and ends. It
    has no sequence: it changes nothing of the user.
    """

    type: ClassVar[str] = "auth.api_key_in_new_place.v1"

    use_id: UUID
    user_id: UUID
    key_id: UUID
    hint: str


class FactorChanged(Event):
    """A user has a second factor more or less: an authenticator app, or a passkey.

    It has no sequence, as UserLocked has none: it changes nothing that others know of the user.
    ``at`` is when, in aware UTC.
    """

    type: ClassVar[str] = "auth.factor_changed.v1"

    change_id: UUID
    user_id: UUID
    factor: Literal["totp", "passkey"]
    is_added: bool
    at: Timestamp


class ConfirmationLimitsChanged(Event):
    """A user has changed the amounts above which they are asked who they are.

    It has no sequence, as UserLocked has none; what they are stands in the user's token. ``at`` is
    when, in aware UTC.
    """

    type: ClassVar[str] = "auth.confirmation_limits_changed.v1"

    change_id: UUID
    user_id: UUID
    at: Timestamp


class RecordAudit(Command):
    """Record what an administrator did or saw in the service that sends this.

    `kit.audit.Act` says what an act is. It is written in the transaction of the act and kept for
    ever. It is not answered. ``command_id`` is the id that the act has in the log; a second one is
    ignored. ``owner_ids`` are all owners of the object, the first of them ``owner_id``; earlier
    senders named one.
    """

    type: ClassVar[str] = "auth.record_audit.v1"

    at: Timestamp
    actor_id: UUID
    action: str
    subject_kind: str
    subject_id: str | None
    owner_id: UUID | None
    owner_ids: tuple[UUID, ...] = ()
    request_id: str | None
    address: str
