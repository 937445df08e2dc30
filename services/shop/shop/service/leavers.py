"""Holds the verb about users who were deleted. Its caller commits."""

from collections.abc import Iterable
from typing import Final

from contracts.auth import UserChanged
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope
from kit.saga import SagaEngine
from shop.repository import Orders
from shop.service.orders import close

OWNER_DELETED: Final = "owner_deleted"


async def leave(uow: UnitOfWork, engine: SagaEngine, envelopes: Iterable[Envelope]) -> None:
    """Cancel the pending orders of users who were deleted; their stock comes back.

    What is being paid is left to its payment: if that is refused, the order expires.
    """
    gone = {
        envelope.message.user_id
        for envelope in envelopes
        if isinstance(envelope.message, UserChanged) and envelope.message.status == "deleted"
    }
    if gone:
        await close(uow, engine, await Orders(uow).lock_pending_of(gone), OWNER_DELETED)
