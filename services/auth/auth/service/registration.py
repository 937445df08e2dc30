"""Registering, and activating by a link. Passwords arrive hashed: no verb waits for a hash."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.domain.links import TOKEN_BYTES, Link, Purpose, decide_use, digest, text_of
from auth.domain.users import User, decide_activation, decide_resend
from auth.refusals import EmailTaken, UsernameTaken
from auth.repository import Links, NewUser, Users
from auth.service.telling import tell_changed, tell_registered
from kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class Activation:
    """A link just made; the only moment at which its token is known."""

    token: str
    expires_at: datetime


async def register(uow: UnitOfWork, new: NewUser, now: datetime) -> User:
    """Store a new user.

    Raises:
        UsernameTaken, EmailTaken: by somebody, or by an equal registration a moment ago.
    """
    users = Users(uow)
    user = await users.add(new, now)
    if user is None:
        if new.username is not None and await users.has_username(new.username):
            raise UsernameTaken
        raise EmailTaken
    tell_registered(uow, user)
    return user


async def make_activation(
    uow: UnitOfWork, user: User, *, lifetime: timedelta, now: datetime
) -> Activation:
    """Make a link that activates a pending user."""
    token = text_of(secrets.token_bytes(TOKEN_BYTES))
    link = Link(user.id, Purpose.ACTIVATION, now + lifetime, used_at=None)
    await Links(uow).add(link, digest(token), now)
    return Activation(token, link.expires_at)


async def renew_activation(
    uow: UnitOfWork, user: User, *, lifetime: timedelta, now: datetime
) -> Activation:
    """Make another activation link; the ones before it are dead.

    Raises:
        UserAlreadyActive, UserDisabled: there is nothing to activate.
    """
    # Links before the user, as activate() locks them.
    await Links(uow).drop_unused(user.id, Purpose.ACTIVATION)
    decide_resend(await Users(uow).lock(user.id))
    return await make_activation(uow, user, lifetime=lifetime, now=now)


async def activate(uow: UnitOfWork, token: str, now: datetime) -> User:
    """Use an activation link up.

    Raises:
        ActivationTokenInvalid: unknown, used, or too late.
        UserDisabled: an administrator was quicker.
    """
    token_hash = digest(token)
    links = Links(uow)
    user_id = decide_use(await links.lock(token_hash, Purpose.ACTIVATION), now)
    users = Users(uow)
    user = await users.lock(user_id)
    activated = decide_activation(user, now)
    await links.use(token_hash, now)
    if activated is not user:
        await users.save(activated, now)
        tell_changed(uow, activated)
    return activated
