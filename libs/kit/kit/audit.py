"""Defines an administrator's act, and how a service sends it to the audit log.

Does not decide which acts are recorded: `kit.web.audit` does, for the operations that ask for it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from kit.db.unit_of_work import UnitOfWork
from kit.messaging.messages import Command
from kit.messaging.outbox import emit


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Says who did what to whose object; it holds neither bodies nor secrets.

    Attributes:
        at: When, aware UTC.
        action: The operation's id.
        subject_kind: The kind of the object: `user`, `wallet`, `payment`, …
        subject_id: The object's id; None for a list.
        owner_id: The object's owner; None where it is nobody's, or everybody's.
        owner_ids: All its owners, `owner_id` first: payer and payee of a payment, for instance.
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


# Records an act in the unit of work that it belongs to.
Recorder = Callable[[UnitOfWork, Act], Awaitable[None]]


def by_message(command: type[Command]) -> Recorder:
    """Return a recorder that sends acts as this command, by the outbox.

    Each act is a subject of its own, so one that can't be delivered holds no other back.
    """

    async def record(uow: UnitOfWork, act: Act) -> None:
        fields = asdict(act)
        emit(uow, command(command_id=fields.pop("id"), **fields), subject=str(act.id))

    return record
