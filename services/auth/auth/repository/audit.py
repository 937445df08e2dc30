"""What administrators did and saw, as rows that are only ever added."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_

from auth.domain.audit import AuditRecord
from auth.repository.users import After
from auth.tables import audit
from kit.db import Connection

# A message that comes again finds its row.
_ADD: Final = """
INSERT INTO audit (
    id, at, actor_id, service, action, subject_kind, subject_id, owner_id, request_id, address
) SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[],
    $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[])
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which acts are wanted; None leaves a thing open.

    ``subject`` is the id of what was acted on, or of whose it is.
    """

    actor: UUID | None = None
    subject: str | None = None
    owner_id: UUID | None = None
    action: str | None = None
    service: str | None = None
    begin: datetime | None = None
    end: datetime | None = None


class AuditLog:
    """The acts of administrators in all services."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, entries: Sequence[AuditRecord]) -> None:
        """Store acts; one that is there already stays as it is."""
        rows = [tuple(asdict(entry).values()) for entry in entries]
        await self._connection.execute(_ADD, *zip(*rows, strict=True))

    async def page(self, wanted: AuditFilter, after: After | None, limit: int) -> list[AuditRecord]:
        """Return at most `limit` acts, newest first."""
        rows = await self._connection.fetch(_page(wanted, after, limit))
        return [AuditRecord(**row) for row in rows]


def _page(wanted: AuditFilter, after: After | None, limit: int) -> Select[Any]:
    table = audit.c
    query = select(audit).order_by(table.at.desc(), table.id.desc()).limit(limit)
    equal = {
        table.actor_id: wanted.actor,
        table.owner_id: wanted.owner_id,
        table.action: wanted.action,
        table.service: wanted.service,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.subject is not None:
        query = query.where(_about(wanted.subject))
    if wanted.begin is not None:
        query = query.where(table.at >= wanted.begin)
    if wanted.end is not None:
        query = query.where(table.at < wanted.end)
    if after is not None:
        query = query.where(tuple_(table.at, table.id) < after)
    return query


def _about(subject: str) -> Any:
    try:
        asked = UUID(subject)
    except ValueError:
        return audit.c.subject_id == subject
    return or_(audit.c.subject_id == str(asked), audit.c.owner_id == asked)
