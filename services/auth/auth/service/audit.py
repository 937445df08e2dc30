"""Keeping what administrators did and saw: here, and in the services that tell of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from auth.domain.audit import Entry
from auth.repository import AuditLog
from contracts.auth import RecordAudit
from kit.audit import Act
from kit.db import UnitOfWork
from kit.messaging.messages import Envelope


async def record(uow: UnitOfWork, act: Act) -> None:
    """Keep an act in auth itself, with the change."""
    await AuditLog(uow).add([Entry(service=uow.service, **asdict(act))])


async def keep(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Keep what other services tell of."""
    await AuditLog(uow).add([_entry(envelope) for envelope in envelopes])


def _entry(envelope: Envelope) -> Entry:
    told = cast("RecordAudit", envelope.message)
    owner_ids = told.owner_ids or (() if told.owner_id is None else (told.owner_id,))
    return Entry(
        id=told.command_id,
        service=envelope.source,
        owner_ids=owner_ids,
        **told.model_dump(exclude={"command_id", "owner_ids"}),
    )
