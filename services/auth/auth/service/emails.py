"""Changes e-mail addresses, once the old and the new one have confirmed it."""

from datetime import datetime, timedelta
from uuid import UUID

from auth.domain.audit import Kind, Origin
from auth.domain.emails import EmailChange, ask_email_change, decide_email_change
from auth.domain.links import EMAIL_CHANGE, Purpose
from auth.domain.users import User, UserStatus
from auth.refusals import EmailTaken, EmailTokenInvalid, UserDisabled
from auth.repository import EmailChanges, Links, Users
from auth.service.audit import note
from auth.service.events import tell_changed
from auth.service.links import MadeLink, make_link, use_link
from auth.service.mails import Mailing
from kit.db import UnitOfWork
from kit.refusals import NotFound


async def ask(
    uow: UnitOfWork, user_id: UUID, email: str, origin: Origin, lifetime: timedelta
) -> tuple[EmailChange, list[MadeLink], User | None]:
    """Store a change; return it, its links, and whoever else has the address already.

    An earlier change and its links no longer work.

    Raises:
        EmailUnchanged: it is the user's address already.
        NotFound: there is no such user.
    """
    now = uow.clock.now()
    user = await Users(uow).lock(user_id)
    if user.status is UserStatus.DELETED:
        raise NotFound
    await _drop_links(uow, user_id)
    change = ask_email_change(user, email, now + lifetime)
    await EmailChanges(uow).save(change)
    purposes = EMAIL_CHANGE if user.email is not None else (Purpose.NEW_EMAIL,)
    links = [
        await make_link(uow, user_id, purpose, lifetime=lifetime, now=now) for purpose in purposes
    ]
    await note(uow, Kind.EMAIL_CHANGE_ASKED, user_id, origin)
    return change, links, await Users(uow).by_email(email)


async def ask_by_mail(  # noqa: PLR0913, PLR0917 - whose, what, how it is told, where from
    uow: UnitOfWork,
    user_id: UUID,
    email: str,
    mailing: Mailing,
    origin: Origin,
    lifetime: timedelta,
) -> EmailChange:
    """Store a change and order the mails with its links.

    If somebody has the address already, they get a mail instead of the link, and the answer looks
    the same: asking does not tell whether an address is known.
    """
    change, links, owner = await ask(uow, user_id, email, origin, lifetime)
    for link in links:
        if link.purpose is Purpose.OLD_EMAIL or owner is None:
            mailing.email_change(uow, user_id, link)
    if owner is not None:
        mailing.already_registered(uow, owner.id)
    return change


async def confirm(uow: UnitOfWork, token: str, mailing: Mailing, origin: Origin) -> EmailChange:
    """Use a link, and set the address once both have confirmed; return the change.

    Raises:
        EmailTokenInvalid: unknown, used, expired, or of a change that was cancelled.
        EmailTaken: somebody else has the address since.
        UserDisabled: an administrator has disabled the user meanwhile.
    """
    now = uow.clock.now()
    link = await use_link(uow, token, EMAIL_CHANGE, now)
    change = await EmailChanges(uow).lock(link.user_id, now)
    if change is None:
        raise EmailTokenInvalid
    change = change.confirmed_by(link.purpose)
    if change.is_confirmed:
        await _set_email(uow, change, mailing, origin, now)
    else:
        await EmailChanges(uow).save(change)
    return change


async def cancel(uow: UnitOfWork, user_id: UUID) -> None:
    """Cancel a change; its links no longer work.

    Raises:
        NotFound: there is none.
    """
    await Users(uow).lock(user_id)
    await _drop_links(uow, user_id)
    if not await EmailChanges(uow).drop(user_id):
        raise NotFound


async def _set_email(
    uow: UnitOfWork, change: EmailChange, mailing: Mailing, origin: Origin, now: datetime
) -> None:
    users = Users(uow)
    user = await users.lock(change.user_id)
    if user.status is not UserStatus.ACTIVE:
        raise UserDisabled
    if await users.by_email(change.email) is not None:
        raise EmailTaken
    changed = decide_email_change(user, change)
    await users.save(changed, now)
    await EmailChanges(uow).drop(user.id)
    # A link that the old address was mailed would hand the account to whoever reads it now.
    await Links(uow).drop_unused(user.id, Purpose.PASSWORD_RESET)
    tell_changed(uow, changed)
    await note(uow, Kind.EMAIL_CHANGED, user.id, origin)
    mailing.notice(uow, changed, "email_changed")


async def _drop_links(uow: UnitOfWork, user_id: UUID) -> None:
    for purpose in EMAIL_CHANGE:
        await Links(uow).drop_unused(user_id, purpose)
