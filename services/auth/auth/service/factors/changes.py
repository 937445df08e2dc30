"""Stores what a change of factors means for a user, and tells of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from auth.domain.audit import Kind, Origin
from auth.repository import Challenges, Passkeys, RecoveryCodes, Totps, Users
from auth.service.audit import note
from contracts.auth import FactorChanged
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.outbox import emit

ChangedFactor = Literal["totp", "passkey"]


@dataclass(frozen=True, slots=True)
class Acting:
    """A user who changes or uses a factor: who, from where, and when."""

    user_id: UUID
    origin: Origin
    now: datetime


async def added(uow: UnitOfWork, by: Acting, factor: ChangedFactor, kind: Kind) -> None:
    """Store and tell that a user has a factor more; the mail is notifications'."""
    await Users(uow).set_factors(by.user_id, by.now)
    await note(uow, kind, by.user_id, by.origin)
    tell(uow, by.user_id, factor, by.now, is_added=True)


async def removed(uow: UnitOfWork, by: Acting, factor: ChangedFactor, kind: Kind) -> None:
    """Store and tell that a user has a factor less; with the last, codes go."""
    left = await Users(uow).set_factors(by.user_id, by.now)
    await Challenges(uow).forget(by.user_id)
    if not left:
        await RecoveryCodes(uow).remove(by.user_id)
    await note(uow, kind, by.user_id, by.origin)
    tell(uow, by.user_id, factor, by.now, is_added=False)


async def forget(uow: UnitOfWork, user_id: UUID, now: datetime) -> None:
    """Delete all factors of a user, and tell nobody."""
    await Totps(uow).remove(user_id)
    await Passkeys(uow).remove(user_id)
    await RecoveryCodes(uow).remove(user_id)
    await Challenges(uow).forget(user_id)
    await Users(uow).set_factors(user_id, now)


def tell(
    uow: UnitOfWork, user_id: UUID, factor: ChangedFactor, now: datetime, *, is_added: bool
) -> None:
    """Emit FactorChanged, by which notifications mails the user."""
    event = FactorChanged(
        change_id=new_id(), user_id=user_id, factor=factor, is_added=is_added, at=now
    )
    emit(uow, event, subject=str(user_id))
