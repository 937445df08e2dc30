"""What happens to users after registration: profile, roles, disabling, deletion."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from auth.domain.users import (
    AdminChange,
    ProfileChange,
    Status,
    User,
    decide_admin_change,
    decide_deletion,
    decide_profile_change,
)
from auth.repository import Logins, NewUser, Sessions, Users
from auth.service.registration import register
from auth.service.telling import tell_changed
from kit.db import UnitOfWork
from kit.refusals import NotFound


async def change_profile(
    uow: UnitOfWork, user_id: UUID, change: Callable[[User], ProfileChange], now: datetime
) -> User:
    """Change what users may change about themselves.

    Raises:
        UsernameTaken: by somebody else.
    """
    user = await Users(uow).lock(user_id)
    if user.status is Status.DELETED:
        raise NotFound
    return await _save(uow, user, decide_profile_change(user, change(user)), now)


async def change_by_admin(
    uow: UnitOfWork, user_id: UUID, change: AdminChange, now: datetime
) -> tuple[User, User]:
    """Enable, disable or change roles; return the user before and after.

    Enabling, also somebody who is, lifts what wrong passwords have locked.

    Raises:
        NotFound: no such user, or a deleted one.
        LastAdmin: nobody would be left to administer.
    """
    user, other_admins = await Users(uow).lock_with_admins(user_id)
    if user.status is Status.DELETED:
        raise NotFound
    changed = decide_admin_change(user, change, other_active_admins=other_admins, now=now)
    if changed.status is Status.DISABLED and user.status is not Status.DISABLED:
        await Sessions(uow).end(user_id, now, "disabled")
    if change.is_active:
        await Logins(uow).lift(user_id)
    return user, await _save(uow, user, changed, now)


async def delete(uow: UnitOfWork, user_id: UUID, now: datetime) -> User:
    """Forget a user's names and end all sessions.

    Raises:
        LastAdmin: nobody would be left to administer.
    """
    user, other_admins = await Users(uow).lock_with_admins(user_id)
    if user.status is Status.DELETED:
        raise NotFound
    deleted = decide_deletion(user, other_active_admins=other_admins)
    await Sessions(uow).end(user_id, now, "deleted")
    return await _save(uow, user, deleted, now)


async def ensure(uow: UnitOfWork, wanted: NewUser, now: datetime) -> tuple[User, User | None]:
    """Make sure that there is a user of this username with these roles at least.

    A user who is there is enabled where an active one is wanted; the password stays as it is.

    Returns:
        The user as it is now, and as it was before (None where it was made).
    """
    users = Users(uow)
    found = None if wanted.username is None else await users.by_username(wanted.username)
    if found is None:
        return await register(uow, wanted, now), None
    user = await users.lock(found.id)
    change = AdminChange(
        is_active=True if wanted.status is Status.ACTIVE else None,
        roles=user.roles | wanted.roles,
    )
    changed = decide_admin_change(user, change, other_active_admins=0, now=now)
    return await _save(uow, user, changed, now), user


async def _save(uow: UnitOfWork, user: User, changed: User, now: datetime) -> User:
    if changed is not user:
        await Users(uow).save(changed, now)
        tell_changed(uow, changed)
    return changed
