"""Changes users after registration: profile, roles, disabling, deletion."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from auth.domain.audit import Kind, Origin
from auth.domain.factors.methods import Factor
from auth.domain.lookalikes import look_alike
from auth.domain.users import (
    AdminChange,
    ProfileChange,
    User,
    UserStatus,
    decide_admin_change,
    decide_deletion,
    decide_logout,
    decide_profile_change,
)
from auth.refusals import DeletionUnderWay, TooManyNames, UsernameTaken
from auth.repository import (
    ApiKeys,
    AuditLog,
    Codes,
    Deletion,
    Deletions,
    EmailChanges,
    Logins,
    NewUser,
    Sessions,
    Users,
)
from auth.service.audit import note
from auth.service.events import tell_changed
from auth.service.factors import changes as factors
from auth.service.registration import register
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import NotFound

NAME_RESTS: Final = timedelta(days=90)  # a name given up is kept from others for so long
COMMAND_LINE: Final = Origin("command line")
MOST_RESTING: Final = 10  # names that one user keeps from others so, as there is only one of each


async def change_profile(
    uow: UnitOfWork, user_id: UUID, change: Callable[[User], ProfileChange], now: datetime
) -> User:
    """Change a user's own profile.

    Raises:
        UsernameTaken: somebody else has the name.
        TooManyNames: the user has given up too many names lately.
    """
    user = await _lock(uow, user_id)
    changed = decide_profile_change(user, change(user))
    if changed.username is not None and changed.username != user.username:
        if await Users(uow).is_taken(changed.username, user_id, now):
            raise UsernameTaken
        if user.username is not None and not look_alike(user.username, changed.username):
            names = (user.username, changed.username)
            if await Users(uow).resting(user_id, names, now) >= MOST_RESTING:
                raise TooManyNames(limit=MOST_RESTING)
        await Users(uow).rest(user, now + NAME_RESTS, now)
    return await _save(uow, user, changed, now)


async def change_by_admin(
    uow: UnitOfWork, user_id: UUID, change: AdminChange, admin_id: UUID, origin: Origin
) -> tuple[User, User]:
    """Enable, disable or change roles; return the user before and after.

    Enabling lifts locks by wrong passwords, even for a user who is enabled already.

    Raises:
        NotFound: no such user, or a deleted one.
        LastAdmin: no administrator would be left.
    """
    now = uow.clock.now()
    user, other_admins = await Users(uow).lock_with_admins(user_id)
    if user.status is UserStatus.DELETED:
        raise NotFound
    changed = decide_admin_change(user, change, other_active_admins=other_admins, now=now)
    if changed.status is UserStatus.DISABLED and user.status is not UserStatus.DISABLED:
        await Sessions(uow).end(user_id, now, "disabled")
    if change.is_active:
        await Logins(uow).lift(user_id)
    await _note(uow, user, changed, origin, admin_id)
    return user, await _save(uow, user, changed, now)


async def unlock(uow: UnitOfWork, user_id: UUID, admin_id: UUID, origin: Origin) -> None:
    """Lift every lock by wrong passwords, so that the user can try again at once.

    Raises:
        NotFound: no such user, or a deleted one.
    """
    await _lock(uow, user_id)
    await Logins(uow).lift(user_id)
    await note(uow, Kind.USER_UNLOCKED, user_id, origin, actor_id=admin_id)


async def log_out(uow: UnitOfWork, user_id: UUID, admin_id: UUID, origin: Origin) -> User:
    """End all of a user's sessions and access tokens.

    Raises:
        NotFound: no such user, or a deleted one.
    """
    now = uow.clock.now()
    user = decide_logout(await _lock(uow, user_id))
    await Users(uow).save(user, now)
    ended = await Sessions(uow).end(user_id, now, "ended_by_admin")
    details = {"sessions": len(ended)}
    await note(uow, Kind.SESSION_REVOKED, user_id, origin, actor_id=admin_id, details=details)
    return user


async def begin_deletion(
    uow: UnitOfWork,
    user_id: UUID,
    now: datetime,
    abandoned_after: timedelta,
    *,
    also_active: bool = True,
) -> UUID:
    """Store that a user is being deleted, before others are asked; return the attempt.

    Raises:
        UserAlreadyActive: the user may not have activated, but has.
        NotFound: no such user, or a deleted one.
        LastAdmin: no administrator would be left.
        DeletionUnderWay: another attempt began less than `abandoned_after` ago.
    """
    user, other_admins = await Users(uow).lock_with_admins(user_id)
    if user.status is UserStatus.DELETED:
        raise NotFound
    decide_deletion(user, other_active_admins=other_admins, also_active=also_active)
    begun = Deletion(user_id, new_id())
    if not await Deletions(uow).begin(begun, now, now - abandoned_after):
        raise DeletionUnderWay
    return begun.attempt


async def take_abandoned(
    uow: UnitOfWork, now: datetime, abandoned_after: timedelta
) -> Deletion | None:
    """Take over a deletion that was cut short, so that no other process does."""
    return await Deletions(uow).take(new_id(), now, now - abandoned_after)


async def end_deletion(uow: UnitOfWork, user_id: UUID, attempt: UUID) -> None:
    """Remove a deletion that failed, unless another attempt has taken it over."""
    await Deletions(uow).end(Deletion(user_id, attempt))


async def delete(
    uow: UnitOfWork, user_id: UUID, attempt: UUID, now: datetime, *, also_active: bool = True
) -> User:
    """Delete a user and end all sessions, as the last step of a deletion.

    Raises:
        UserAlreadyActive: the user may not have activated, but has since it began.
        LastAdmin: no administrator would be left.
        DeletionUnderWay: it took too long, and another attempt has taken over.
    """
    user, other_admins = await Users(uow).lock_with_admins(user_id)
    if not await Deletions(uow).end(Deletion(user_id, attempt)):
        raise DeletionUnderWay
    if user.status is UserStatus.DELETED:
        raise NotFound
    deleted = decide_deletion(user, other_active_admins=other_admins, also_active=also_active)
    await Sessions(uow).end(user_id, now, "deleted")
    await ApiKeys(uow).drop(user_id)
    await factors.forget(uow, user_id, now)
    await Logins(uow).know_none(user_id)
    if user.activated_at is not None:  # nobody has known a name that was never activated
        await Users(uow).rest(user, now + NAME_RESTS, now)
    await EmailChanges(uow).drop(user_id)
    await AuditLog(uow).forget_origins(user_id)
    return await _save(uow, user, deleted, now)


async def ensure(uow: UnitOfWork, wanted: NewUser, now: datetime) -> tuple[User, User | None]:
    """Make sure that a user with this name and at least these roles exists.

    An existing user is enabled if an active one is wanted, and keeps the password.

    Returns:
        The user as it is now, and as it was before (None if it is new).
    """
    users = Users(uow)
    found = None if wanted.username is None else await users.by_username(wanted.username)
    if found is None:
        return await register(uow, wanted, COMMAND_LINE, now), None
    user = await users.lock(found.id)
    change = AdminChange(
        is_active=True if wanted.status is UserStatus.ACTIVE else None,
        roles=user.roles | wanted.roles,
    )
    changed = decide_admin_change(user, change, other_active_admins=0, now=now)
    await _note(uow, user, changed, COMMAND_LINE, None)
    return await _save(uow, user, changed, now), user


async def remove_factors(uow: UnitOfWork, name: str, now: datetime) -> tuple[User, list[Factor]]:
    """Take all second factors from a user who has lost them; end what was open.

    Returns:
        The user, and what was removed.

    Raises:
        NotFound: nobody has this username or address.
    """
    users = Users(uow)
    found = await users.by_username(name) or await users.by_email(name)
    if found is None:
        raise NotFound
    user = decide_logout(await _lock(uow, found.id))
    removed = sorted(user.factors)
    await users.save(user, now)
    await Sessions(uow).end(user.id, now, "factors_removed")
    await Codes(uow).drop_unused(user.id)
    await factors.forget(uow, user.id, now)
    details = {"factors": " ".join(removed)}
    await note(uow, Kind.FACTORS_REMOVED, user.id, COMMAND_LINE, details=details)
    for factor in removed:
        factors.tell(uow, user.id, factor.value, now, is_added=False)
    return user, removed


async def _lock(uow: UnitOfWork, user_id: UUID) -> User:
    user = await Users(uow).lock(user_id)
    if user.status is UserStatus.DELETED:
        raise NotFound
    return user


async def _save(uow: UnitOfWork, user: User, changed: User, now: datetime) -> User:
    if changed is not user:
        await Users(uow).save(changed, now)
        tell_changed(uow, changed)
    return changed


async def _note(
    uow: UnitOfWork, user: User, changed: User, origin: Origin, admin_id: UUID | None
) -> None:
    if changed.roles != user.roles:
        details = {"roles": " ".join(sorted(changed.roles))}
        await note(uow, Kind.ROLES_CHANGED, user.id, origin, actor_id=admin_id, details=details)
    if changed.status is not user.status:
        is_active = changed.status is UserStatus.ACTIVE
        kind = Kind.USER_ENABLED if is_active else Kind.USER_DISABLED
        await note(uow, kind, user.id, origin, actor_id=admin_id)
