"""Registers users and activates them by a link.

Passwords arrive hashed, so that no unit of work waits for a hash.
"""

from datetime import datetime, timedelta

from auth.domain.audit import Kind, Origin
from auth.domain.links import Purpose
from auth.domain.users import User, decide_activation, decide_resend
from auth.refusals import EmailTaken, UsernameTaken
from auth.repository import Links, NewUser, Users
from auth.service.audit import note
from auth.service.events import tell_changed, tell_registered
from auth.service.links import MadeLink, make_link, use_link
from auth.service.mails import Mailing
from kit.db import UnitOfWork


async def register(uow: UnitOfWork, new: NewUser, origin: Origin, now: datetime) -> User:
    """Store a new user.

    Raises:
        UsernameTaken, EmailTaken: somebody has it, perhaps by an equal registration just before.
    """
    users = Users(uow)
    user = await users.add(new, now)
    if user is None:
        if new.username is not None and await users.has_username(new.username, now):
            raise UsernameTaken
        raise EmailTaken
    await _registered(uow, user, origin)
    return user


async def register_by_mail(  # noqa: PLR0913 - who, how to answer, where from
    uow: UnitOfWork,
    new: NewUser,
    mailing: Mailing,
    origin: Origin,
    *,
    lifetime: timedelta,
    now: datetime,
) -> User:
    """Store a new user and order the mail with the activation link.

    If somebody has the address already, its owner gets a mail and the answer looks like that for a
    new user: registering does not tell whether an address is known.

    Raises:
        UsernameTaken: usernames are public, so this is told.
    """
    users = Users(uow)
    user = await users.add(new, now)
    if user is not None:
        await _registered(uow, user, origin)
        mailing.activation(uow, user.id, await make_activation(uow, user, lifetime, now))
        return user
    if new.username is not None and await users.has_username(new.username, now):
        raise UsernameTaken
    owner = None if new.email is None else await users.by_email(new.email)
    if owner is None:
        raise EmailTaken  # its owner has just given it up; the next try succeeds
    mailing.already_registered(uow, owner.id)
    return await users.as_if_added(new, now)


async def make_activation(
    uow: UnitOfWork, user: User, lifetime: timedelta, now: datetime
) -> MadeLink:
    """Make a link that activates a pending user."""
    return await make_link(uow, user.id, Purpose.ACTIVATION, lifetime=lifetime, now=now)


async def renew_activation(
    uow: UnitOfWork, user: User, *, lifetime: timedelta, now: datetime
) -> MadeLink:
    """Make another activation link; older ones no longer work.

    Raises:
        UserAlreadyActive, UserDisabled: there is nothing to activate.
    """
    decide_resend(await Users(uow).lock(user.id))
    await Links(uow).drop_unused(user.id, Purpose.ACTIVATION)
    return await make_activation(uow, user, lifetime, now)


async def activate(uow: UnitOfWork, token: str, origin: Origin, now: datetime) -> User:
    """Activate the user of an activation link.

    Raises:
        ActivationTokenInvalid: unknown, used, or expired.
        UserDisabled: an administrator has disabled the user meanwhile.
    """
    user_id = (await use_link(uow, token, [Purpose.ACTIVATION], now)).user_id
    users = Users(uow)
    user = await users.lock(user_id)
    activated = decide_activation(user, now)
    if activated is not user:
        await users.save(activated, now)
        tell_changed(uow, activated)
        await note(uow, Kind.ACTIVATED, user_id, origin)
    return activated


async def _registered(uow: UnitOfWork, user: User, origin: Origin) -> None:
    tell_registered(uow, user)
    await note(uow, Kind.REGISTERED, user.id, origin)
