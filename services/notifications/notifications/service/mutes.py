"""Unmutes addresses before their time."""

from uuid import UUID

from kit.db import UnitOfWork
from notifications.refusals import MutedAddressNotFound
from notifications.repository import Addresses


async def lift(uow: UnitOfWork, user_id: UUID) -> None:
    """Have mail sent to a person's address again.

    Raises:
        MutedAddressNotFound: no address of theirs is muted.
    """
    if not await Addresses(uow).lift(user_id, uow.clock.now()):
        raise MutedAddressNotFound
