"""Owns the SQL of the audit log; its rows are only ever added.

Where a request came from is beside them, and may be forgotten.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, tuple_

from auth.domain.audit import GUESSES, AuditRecord, Kind, origin_hash
from auth.repository.user_pages import PageEnd
from auth.tables import audit, audit_origin
from kit.db import Connection
from kit.db.query import within
from kit.span import ALWAYS, Span

SALT_BYTES: Final = 32
_FIELDS: Final = tuple(one.name for one in fields(AuditRecord))
_FACTS: Final = """id, at, actor_id, service, action, subject_kind, subject_id, owner_id,
    request_id, origin_hash"""
# A message that comes again finds its row. By hand, as a list within a list of rows goes as text.
_ADD: Final = f"""
WITH told AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[],
        $6::text[], $7::text[], $8::uuid[], $9::text[], $10::bytea[], $11::text[], $12::text[],
        $13::text[], $14::text[], $15::bytea[])
        AS told ({_FACTS}, owner_ids, details, address, user_agent, salt)),
kept AS (
    INSERT INTO audit ({_FACTS}, owner_ids, details)
    SELECT {_FACTS}, owner_ids::uuid[], details::jsonb FROM told
    ON CONFLICT DO NOTHING RETURNING id, origin_hash)
INSERT INTO audit_origin (audit_id, address, user_agent, salt)
SELECT id, address, user_agent, salt FROM told JOIN kept USING (id, origin_hash)
"""  # noqa: S608 - of constants


_FORGET_GUESSES: Final = """
DELETE FROM audit_origin WHERE audit_id IN (
    SELECT audit_id FROM audit JOIN audit_origin AS origin ON audit_id = audit.id
    WHERE action = ANY($1) AND at < $2 AND actor_id IS NULL AND owner_id IS NULL
    LIMIT $3 FOR UPDATE OF origin SKIP LOCKED)
"""


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
    address: str | None = None
    span: Span = ALWAYS


class Guesses:
    """Purges where wrong passwords for names that nobody has came from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def purge(self, before: datetime, limit: int) -> int:
        """Forget the origins of guesses before a time; return of how many."""
        return await self._connection.execute(_FORGET_GUESSES, list(GUESSES), before, limit)


class AuditLog:
    """The audit log: acts of administrators in all services, and events of users."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, entries: Sequence[AuditRecord]) -> None:
        """Store records; a repeated one stays as it is."""
        rows = [_row(entry) for entry in entries]
        await self._connection.execute(_ADD, *zip(*rows, strict=True))

    async def forget_origins(self, user_id: UUID) -> None:
        """Forget where a user's requests and failed logins came from; what was done stays."""
        await self._connection.execute(
            """DELETE FROM audit_origin USING audit WHERE audit_id = audit.id
            AND (actor_id = $1 OR (actor_id IS NULL AND owner_id = $1))""",
            user_id,
        )

    async def events(
        self, user_id: UUID, kind: Kind | None, span: Span, after: PageEnd | None, limit: int
    ) -> list[AuditRecord]:
        """Return at most `limit` events about a user, newest first."""
        kinds = tuple(Kind) if kind is None else (kind,)
        query = _newest(after, limit).where(
            audit.c.owner_id == user_id, audit.c.action.in_(kinds), audit.c.service == "auth"
        )
        rows = await self._connection.fetch(within(query, audit.c.at, span))
        return [_entry(row) for row in rows]

    async def page(
        self, wanted: AuditFilter, after: PageEnd | None, limit: int
    ) -> list[AuditRecord]:
        """Return at most `limit` records, newest first."""
        rows = await self._connection.fetch(_page(wanted, after, limit))
        return [_entry(row) for row in rows]


def _newest(after: PageEnd | None, limit: int) -> Select[Any]:
    table = audit.c
    query = (
        select(audit, audit_origin.c.address, audit_origin.c.user_agent)
        .outerjoin(audit_origin, audit_origin.c.audit_id == table.id)
        .order_by(table.at.desc(), table.id.desc())
        .limit(limit)
    )
    return query if after is None else query.where(tuple_(table.at, table.id) < after)


def _page(wanted: AuditFilter, after: PageEnd | None, limit: int) -> Select[Any]:
    table, query = audit.c, _newest(after, limit)
    equal = {
        table.actor_id: wanted.actor_id,
        table.action: wanted.action,
        table.service: wanted.service,
        audit_origin.c.address: wanted.address,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if wanted.owner_id is not None:
        query = query.where(_theirs(wanted.owner_id))
    if wanted.subject_id is not None:
        query = query.where(_about(wanted.subject_id))
    return within(query, table.at, wanted.span)


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
    address, salt = entry.address or "", secrets.token_bytes(SALT_BYTES)
    return (
        entry.id,
        entry.at,
        entry.actor_id,
        entry.service,
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        entry.owner_id,
        entry.request_id,
        origin_hash(salt, address, entry.user_agent),
        f"{{{','.join(str(one) for one in entry.owner_ids)}}}",
        json.dumps(dict(entry.details)),
        address,
        entry.user_agent,
        salt,
    )


def _entry(row: Any) -> AuditRecord:
    told = {name: row[name] for name in _FIELDS}
    of_before = [] if told["owner_id"] is None else [told["owner_id"]]
    return AuditRecord(**told | {"owner_ids": told["owner_ids"] or of_before})
