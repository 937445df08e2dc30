"""Stores acts of administrators, in all services, and events of users."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import cast
from uuid import UUID

from auth.domain.audit import AuditRecord, Kind, Origin, actor_of
from auth.repository import AuditLog
from contracts.auth import RecordAudit
from kit.audit import Act
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope


async def record(uow: UnitOfWork, act: Act) -> None:
    """Store an act in auth itself, in the transaction of its change."""
    await AuditLog(uow).add([AuditRecord(service=uow.service, **asdict(act))])


async def keep(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store the acts that other services report."""
    await AuditLog(uow).add([_entry(envelope) for envelope in envelopes])


async def note(  # noqa: PLR0913 - who, what, where from
    uow: UnitOfWork,
    kind: Kind,
    user_id: UUID | None,
    origin: Origin,
    *,
    actor_id: UUID | None = None,
    subject: tuple[str, str] | None = None,
    details: Mapping[str, str | int] | None = None,
) -> None:
    """Store an event in the transaction that makes it true.

    Args:
        uow: The unit of work of the change; where nothing changes, one of its own.
        kind: What happened.
        user_id: Whom it concerns, who finds it among their events; None where nobody is known.
        origin: Where the request came from.
        actor_id: Who did it; None for the user themselves, or whoever tried to be them.
        subject: Kind and id of what it was about; None for the user.
        details: A few words or numbers that a reader needs; never a secret, an address or a name.
    """
    subject_kind, subject_id = subject or ("user", None if user_id is None else str(user_id))
    event = AuditRecord(
        id=new_id(),
        at=uow.clock.now(),
        actor_id=actor_of(kind, user_id, actor_id),
        service=uow.service,
        action=kind,
        subject_kind=subject_kind,
        subject_id=subject_id,
        owner_id=user_id,
        request_id=origin.request_id,
        address=origin.address,
        owner_ids=() if user_id is None else (user_id,),
        user_agent=origin.user_agent,
        details=details or {},
    )
    await AuditLog(uow).add([event])


def _entry(envelope: Envelope) -> AuditRecord:
    command = cast("RecordAudit", envelope.message)
    owner_ids = command.owner_ids or (() if command.owner_id is None else (command.owner_id,))
    return AuditRecord(
        id=command.command_id,
        service=envelope.source,
        owner_ids=owner_ids,
        at=command.at,
        actor_id=command.actor_id,
        action=command.action,
        subject_kind=command.subject_kind,
        subject_id=command.subject_id,
        owner_id=command.owner_id,
        request_id=command.request_id,
        address=command.address,
    )
