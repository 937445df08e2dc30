"""Owns what an administrator's act is, and how a service hands it to the one that keeps them all.

Does not decide what counts as one: `kit.web.audit` does, for the operations that say so.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.messaging.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who did what to whose; neither bodies nor secrets are ever part of it.

    Attributes:
        at: When, aware UTC.
        action: The operation's id.
        subject_kind: What it was done to: `user`, `wallet`, `payment`, …
        subject_id: Which one; None for a list.
        owner_id: Whose it is; None where it is nobody's, or everybody's.
        owner_ids: All whose it is, `owner_id` first: payer and payee of a payment, for instance.
        address: Where the request came from.
    """

    id: UUID
    at: datetime
    actor_id: UUID
    action: str
    subject_kind: str
    subject_id: str | None
    owner_id: UUID | None
    owner_ids: tuple[UUID, ...]
    request_id: str | None
    address: str


# Writes an act down in the unit of work that it belongs to.
Recorder = Callable[[UnitOfWork, Act], Awaitable[None]]


def by_message(command: type[Command]) -> Recorder:
    """Return a recorder that sends acts as this command, by the outbox.

    Each is a subject of its own: one that is not taken holds no other back.
    """

    async def record(uow: UnitOfWork, act: Act) -> None:
        told = asdict(act)
        uow.emit(command(command_id=told.pop("id"), **told), subject=str(act.id))

    return record
