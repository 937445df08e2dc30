"""Unmutes addresses before their time."""

from uuid import UUID

from kit.db import UnitOfWork
from notifications.refusals import MutedAddressNotFound
from notifications.repository import Addresses


async def lift(uow: UnitOfWork, user_id: UUID) -> None:
    """Unmute a person's addresses.

    Raises:
        MutedAddressNotFound: none of their addresses is muted.
    """
    if not await Addresses(uow).lift(user_id, uow.clock.now()):
        raise MutedAddressNotFound
