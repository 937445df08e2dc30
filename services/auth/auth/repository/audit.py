"""Owns the SQL of the audit log; its rows are only ever added."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, tuple_

from auth.domain.audit import AuditRecord
from auth.repository.users import PageEnd
from auth.tables import audit
from kit.db import Connection
from kit.db.query import within
from kit.span import ALWAYS, Span

_FACTS: Final = ", ".join(one.name for one in fields(AuditRecord) if one.name != "owner_ids")

# A message that comes again finds its row. By hand, as a list within a list of rows goes as text.
_ADD: Final = f"""
INSERT INTO audit ({_FACTS}, owner_ids) SELECT {_FACTS}, owner_ids::uuid[]
FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[],
    $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[], $11::text[])
    AS told ({_FACTS}, owner_ids)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - of the names of AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """A filter of the audit log; None does not narrow.

    `subject_id` is the id of what was acted on, or of anybody who owns it.
    """

    actor_id: UUID | None = None
    subject_id: str | None = None
    owner_id: UUID | None = None
    action: str | None = None
    service: str | None = None
    span: Span = ALWAYS


class AuditLog:
    """The audit log: the acts of administrators in all services."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, entries: Sequence[AuditRecord]) -> None:
        """Store acts; a repeated one stays as it is."""
        rows = [_row(entry) for entry in entries]
        await self._connection.execute(_ADD, *zip(*rows, strict=True))

    async def page(
        self, wanted: AuditFilter, after: PageEnd | None, limit: int
    ) -> list[AuditRecord]:
        """Return at most `limit` acts, newest first."""
        rows = await self._connection.fetch(_page(wanted, after, limit))
        return [_entry(row) for row in rows]


def _page(wanted: AuditFilter, after: PageEnd | None, limit: int) -> Select[Any]:
    table = audit.c
    query = select(audit).order_by(table.at.desc(), table.id.desc()).limit(limit)
    equal = {
        table.actor_id: wanted.actor_id,
        table.action: wanted.action,
        table.service: wanted.service,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.owner_id is not None:
        query = query.where(_theirs(wanted.owner_id))
    if wanted.subject_id is not None:
        query = query.where(_about(wanted.subject_id))
    query = within(query, table.at, wanted.span)
    if after is not None:
        query = query.where(tuple_(table.at, table.id) < after)
    return query


def _about(subject: str) -> ColumnElement[bool]:
    try:
        asked = UUID(subject)
    except ValueError:
        return audit.c.subject_id == subject
    return or_(audit.c.subject_id == str(asked), _theirs(asked))


def _theirs(owner_id: UUID) -> ColumnElement[bool]:
    """Select what somebody owns; older rows name one owner in `owner_id` only."""
    return or_(audit.c.owner_id == owner_id, audit.c.owner_ids.contains([owner_id]))


def _row(entry: AuditRecord) -> tuple[Any, ...]:
    """Return the columns' values; the array of owners goes as text within the rows."""
    *told, owner_ids = asdict(entry).values()
    return (*told, f"{{{','.join(str(one) for one in owner_ids)}}}")


def _entry(row: Any) -> AuditRecord:
    told = dict(row)
    of_before = [] if told["owner_id"] is None else [told["owner_id"]]
    return AuditRecord(**told | {"owner_ids": told["owner_ids"] or of_before})
