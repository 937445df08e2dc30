"""Stores the acts of administrators, in auth and in the other services."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from auth.domain.audit import AuditRecord
from auth.repository import AuditLog
from contracts.auth import RecordAudit
from kit.audit import Act
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope


async def record(uow: UnitOfWork, act: Act) -> None:
    """Store an act in auth itself, in the transaction of its change."""
    await AuditLog(uow).add([AuditRecord(service=uow.service, **asdict(act))])


async def keep(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Store the acts that other services report."""
    await AuditLog(uow).add([_entry(envelope) for envelope in envelopes])


def _entry(envelope: Envelope) -> AuditRecord:
    command = cast("RecordAudit", envelope.message)
    owner_ids = command.owner_ids or (() if command.owner_id is None else (command.owner_id,))
    return AuditRecord(
        id=command.command_id,
        service=envelope.source,
        owner_ids=owner_ids,
        **command.model_dump(exclude={"command_id", "owner_ids"}),
    )
