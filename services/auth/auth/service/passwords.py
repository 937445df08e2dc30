"""Changes passwords, and resets forgotten ones by a mailed link."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from auth.domain.audit import Kind, Origin
from auth.domain.links import EMAIL_CHANGE, Purpose
from auth.domain.lockout import place_key
from auth.domain.names import email_key
from auth.domain.users import User, can_reset_password, decide_reset
from auth.refusals import PasswordWrong
from auth.repository import Challenges, EmailChanges, Links, Logins, Sessions, Users
from auth.service.audit import note
from auth.service.links import make_link, use_link
from auth.service.mails import Mailing
from auth.service.sessions import Credentials
from kit.db import UnitOfWork
from kit.ids import new_id

# No link is made while a younger one than this works: fewer than mails of one kind in an hour.
ASKED_AGAIN_AFTER: Final = timedelta(minutes=5)


async def forgot(
    uow: UnitOfWork, email: str, mailing: Mailing, *, lifetime: timedelta, now: datetime
) -> None:
    """Order a reset link for the user of an address.

    For an unknown address, a link for nobody is made and ordered: the same statements and the same
    commit, so neither the answer nor its time tells whether the address is known. It is the same
    where a link was mailed a moment ago: whoever asks again and again for somebody else's address
    would else kill each link with a newer one, and use up the mails that its owner may get.
    """
    links = Links(uow)
    await links.one_by_one(email_key(email))
    user = await Users(uow).by_email(email)
    user_id = user.id if user is not None and can_reset_password(user) else new_id()
    if await links.is_fresh(user_id, Purpose.PASSWORD_RESET, now, now - ASKED_AGAIN_AFTER):
        user_id = new_id()
    await links.drop_unused(user_id, Purpose.PASSWORD_RESET)
    link = await make_link(uow, user_id, Purpose.PASSWORD_RESET, lifetime=lifetime, now=now)
    mailing.password_reset(uow, user_id, link)


async def reset(
    uow: UnitOfWork, token: str, password_hash: str, origin: Origin, now: datetime
) -> User:
    """Set a new password, end sessions and all that waits, and lift all locks.

    From then on the user is known at this address only: whoever guesses the new password from
    elsewhere makes nobody wait who logs in from here.

    Raises:
        ResetTokenInvalid: unknown, used, or expired.
        UserDisabled: an administrator has disabled the user meanwhile.
    """
    user_id = (await use_link(uow, token, [Purpose.PASSWORD_RESET], now)).user_id
    users = Users(uow)
    changed = decide_reset(await users.lock(user_id))
    await _drop_links_and_challenges(uow, user_id)
    await users.set_password(changed, password_hash, now)
    await Sessions(uow).end(user_id, now, "password_reset")
    await _start_afresh(uow, user_id, origin.address, now)
    await note(uow, Kind.PASSWORD_RESET, user_id, origin)
    return changed


async def change(  # noqa: PLR0913, PLR0917 - whose, what, how it is told, where from
    uow: UnitOfWork,
    credentials: Credentials,
    password_hash: str,
    session_id: UUID,
    mailing: Mailing,
    origin: Origin,
) -> list[UUID]:
    """Set a new password, end what waits and all sessions but one; return these.

    Raises:
        PasswordWrong: the password has been replaced since it was checked.
    """
    user, now = credentials.user, uow.clock.now()
    old_hash = credentials.password_hash
    if not await Users(uow).change_password(user.id, old_hash, password_hash, now):
        raise PasswordWrong
    await _drop_links_and_challenges(uow, user.id)
    ended = await Sessions(uow).end(user.id, now, "password_changed", but=session_id)
    await _start_afresh(uow, user.id, origin.address, now)
    await note(uow, Kind.PASSWORD_CHANGED, user.id, origin, details={"sessions": len(ended)})
    mailing.notice(uow, user, "password_changed")
    return ended


async def _drop_links_and_challenges(uow: UnitOfWork, user_id: UUID) -> None:
    """Delete what somebody with the old password may hold."""
    await Challenges(uow).forget(user_id)
    for purpose in (Purpose.PASSWORD_RESET, *EMAIL_CHANGE):
        await Links(uow).drop_unused(user_id, purpose)


async def _start_afresh(uow: UnitOfWork, user_id: UUID, address: str, now: datetime) -> None:
    logins = Logins(uow)
    await EmailChanges(uow).drop(user_id)
    await logins.lift(user_id)
    await logins.know_none(user_id)
    await logins.know(user_id, place_key(address), now)
