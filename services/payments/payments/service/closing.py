"""Holds the verbs that close users before deletion, and reopen them if that fails."""

from uuid import UUID

from contracts.payments import PaymentsOpen
from kit.db import UnitOfWork
from payments.refusals import open_faults
from payments.repository.closing import ClosedParties


async def close_party(uow: UnitOfWork, user_id: UUID) -> None:
    """Forbid that anything begins with this user; closing again changes nothing.

    Raises:
        PaymentsOpen: something of theirs is under way.
    """
    parties, now = ClosedParties(uow), uow.clock.now()
    await parties.take_alone(user_id)
    standing = await parties.standing(user_id, now)
    if standing:
        raise PaymentsOpen(errors=open_faults(standing))
    await parties.close(user_id, now)


async def reopen_party(uow: UnitOfWork, user_id: UUID) -> None:
    """Undo `close_party`; nothing changes for a user who is not closed."""
    parties = ClosedParties(uow)
    await parties.take_alone(user_id)
    await parties.reopen(user_id)
