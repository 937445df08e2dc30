"""Decides about users: activation, disabling, roles, deletion.

Every decision returns the changed user or raises a refusal; it saves nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from auth.domain.factors.methods import Factor
from auth.refusals import (
    InvalidCredentials,
    LastAdmin,
    UserAlreadyActive,
    UserDisabled,
    UserPending,
)
from kit.refusals import Language


class UserStatus(StrEnum):
    """The status of a user; only an active one may log in."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"
    DELETED = "deleted"


class Role(StrEnum):
    """The role of a user; everybody has `user`."""

    USER = "user"
    ADMIN = "admin"


ORDINARY: Final = frozenset({Role.USER})


@dataclass(frozen=True, slots=True)
class User:
    """A user, without the password.

    Attributes: number: short integer for banks and people. token_version: `tv` of the access
    tokens; a larger one makes older tokens invalid. language: the language of mails. version:
    counts, without a gap, the changes that other services learn of. factors: by which, beside the
    password, the user logs in. confirm_above: confirmation limits, in minor units by currency.
    """

    id: UUID
    number: int
    username: str | None
    email: str | None
    full_name: str | None
    status: UserStatus
    roles: frozenset[Role]
    token_version: int
    version: int
    created_at: datetime
    activated_at: datetime | None
    language: Language = "en"
    factors: frozenset[Factor] = frozenset()
    confirm_above: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def is_active_admin(self) -> bool:
        """Whether this user can administer others."""
        return self.status is UserStatus.ACTIVE and Role.ADMIN in self.roles


@dataclass(frozen=True, slots=True)
class AdminChange:
    """A change by an administrator; None leaves a field as it is."""

    is_active: bool | None = None
    roles: frozenset[Role] | None = None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """A user's change to their own profile: every field's value, changed or not."""

    username: str | None
    full_name: str | None
    language: Language = "en"


def decide_login(user: User) -> None:
    """Refuse a login, after the right password, of a user who is not active."""
    match user.status:
        case UserStatus.PENDING:
            raise UserPending
        case UserStatus.DISABLED:
            raise UserDisabled
        case UserStatus.DELETED:
            raise InvalidCredentials


def decide_activation(user: User, now: datetime) -> User:
    """Activate a pending user; one whom an administrator has activated stays as is."""
    match user.status:
        case UserStatus.DISABLED | UserStatus.DELETED:
            raise UserDisabled
        case UserStatus.ACTIVE:
            return user
    return replace(user, status=UserStatus.ACTIVE, activated_at=now, version=user.version + 1)


def decide_resend(user: User) -> None:
    """Refuse another activation link to a user who needs none."""
    match user.status:
        case UserStatus.DISABLED | UserStatus.DELETED:
            raise UserDisabled
        case UserStatus.ACTIVE:
            raise UserAlreadyActive


def can_reset_password(user: User) -> bool:
    """Tell whether the user may reset the password: pending and active ones may."""
    return user.status in (UserStatus.PENDING, UserStatus.ACTIVE)


def decide_reset(user: User) -> User:
    """Return the user with all access tokens invalid, as a new password requires.

    `version` stays: other services do not learn of it.
    """
    if not can_reset_password(user):
        raise UserDisabled
    return replace(user, token_version=user.token_version + 1)


def decide_logout(user: User) -> User:
    """Return the user with all access tokens invalid, as an administrator wants."""
    return replace(user, token_version=user.token_version + 1)


def decide_admin_change(
    user: User, change: AdminChange, *, other_active_admins: int, now: datetime
) -> User:
    """Enable or disable a user, or change roles.

    Taking away a right makes all access tokens invalid.

    Raises:
        LastAdmin: no administrator would be left.
    """
    status = _status_after(user.status, change.is_active)
    roles = user.roles if change.roles is None else change.roles | ORDINARY
    if (status, roles) == (user.status, user.roles):
        return user
    activated_at = user.activated_at
    if status is UserStatus.ACTIVE and activated_at is None:
        activated_at = now
    is_outdated = status is UserStatus.DISABLED or roles != user.roles
    changed = replace(
        user,
        status=status,
        roles=roles,
        activated_at=activated_at,
        token_version=user.token_version + is_outdated,
        version=user.version + 1,
    )
    if user.is_active_admin and not changed.is_active_admin and other_active_admins == 0:
        raise LastAdmin
    return changed


def decide_profile_change(user: User, change: ProfileChange) -> User:
    """Change a user's own profile; equal values change nothing."""
    wanted = (change.username, change.full_name, change.language)
    if wanted == (user.username, user.full_name, user.language):
        return user
    return replace(
        user,
        username=change.username,
        full_name=change.full_name,
        language=change.language,
        version=user.version + 1,
    )


def decide_deletion(user: User, *, other_active_admins: int, also_active: bool = True) -> User:
    """Delete a user: forget names and address, keep id and number for the ledger.

    Raises:
        UserAlreadyActive: only whoever is pending may be deleted, and the user is not (any more).
        LastAdmin: no administrator would be left.
    """
    if not also_active and user.status is not UserStatus.PENDING:
        raise UserAlreadyActive
    if user.is_active_admin and other_active_admins == 0:
        raise LastAdmin
    return replace(
        user,
        username=None,
        email=None,
        full_name=None,
        status=UserStatus.DELETED,
        roles=ORDINARY,
        confirm_above={},
        token_version=user.token_version + 1,
        version=user.version + 1,
    )


def _status_after(status: UserStatus, is_active: bool | None) -> UserStatus:  # noqa: FBT001 - a request, not a switch
    if is_active is None:
        return status
    return UserStatus.ACTIVE if is_active else UserStatus.DISABLED
