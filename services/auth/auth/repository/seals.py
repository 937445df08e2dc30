"""Owns the SQL of the audit log's seals, and of its rows in the order of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from asyncpg import Record

from auth.domain.audit import GUESSES, GUESSES_KEPT
from auth.domain.seals import GENESIS, AuditFact, AuditPlace, LoggedRow, Seal
from kit.db import Connection
from kit.db.bulk import BulkInsert
from kit.moments import microseconds_of

_READING: Final = """
SELECT (SELECT coalesce(max(position), 0) FROM audit) AS written_to,
    (SELECT coalesce(max(position), 0) FROM audit_seal) AS sealed_to,
    pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_xid,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_xid
"""
# A row that is gone has its seal only, one that was slipped in has none. Where somebody deleted
# came from was forgotten with them, and after a time where whoever guessed at nobody's name did.
_ROWS: Final = """
SELECT position, logged.id, at, actor_id, service, action, subject_kind, subject_id, owner_id,
    owner_ids, request_id, details, origin_hash, salt, address, user_agent, hash,
    coalesce(whose.status = 'deleted', actor_id IS NULL AND owner_id IS NULL
        AND action = ANY($3) AND at < $4, false) AS may_be_forgotten
FROM (SELECT * FROM audit WHERE position > $1 AND position <= $2) AS logged
FULL JOIN (SELECT * FROM audit_seal WHERE position > $1 AND position <= $2) AS seal
    USING (position)
LEFT JOIN audit_origin AS origin ON origin.audit_id = logged.id
LEFT JOIN user_account AS whose ON whose.id = coalesce(actor_id, owner_id)
ORDER BY position
"""
_ADD: Final = BulkInsert("audit_seal", position="bigint", hash="bytea")


@dataclass(frozen=True, slots=True)
class LogReading:
    """How far the log is written and sealed, and what was known of transactions."""

    written_to: int
    sealed_to: int
    oldest_xid: int
    next_xid: int


class Seals:
    """Stores the seals of the audit log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def reading(self) -> LogReading:
        """Return how far the log is written and sealed."""
        row = await self._connection.fetchrow(_READING)
        assert row is not None  # noqa: S101 - of aggregates
        return LogReading(**row)

    async def last(self) -> Seal:
        """Return the last seal, or the one that stands before the first."""
        row = await self._connection.fetchrow(
            "SELECT position, hash FROM audit_seal ORDER BY position DESC LIMIT 1"
        )
        return GENESIS if row is None else Seal(**row)

    async def one_by_one(self) -> None:
        """Make processes that seal wait for each other."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('audit seals', 0))"
        )

    async def rows(self, after: int, up_to: int, now: datetime) -> list[LoggedRow]:
        """Return the rows and seals between two positions, in order."""
        found = await self._connection.fetch(_ROWS, after, up_to, list(GUESSES), now - GUESSES_KEPT)
        return [_logged(row) for row in found]

    async def add(self, seals: Sequence[Seal]) -> None:
        """Store seals."""
        await _ADD.insert(self._connection, seals)

    async def unsealed(self, after: int) -> int:
        """Count the rows after a position."""
        count: int = await self._connection.fetchval(
            "SELECT count(*) FROM audit WHERE position > $1", after
        )
        return count


def _logged(row: Record) -> LoggedRow:
    told = row["salt"], row["address"], row["user_agent"]
    place = None if row["salt"] is None else AuditPlace(*told)
    return LoggedRow(
        position=row["position"],
        facts=None if row["id"] is None else _facts(row),
        origin_hash=row["origin_hash"] or b"",
        place=place,
        may_be_forgotten=row["may_be_forgotten"],
        seal=row["hash"],
    )


def _facts(row: Record) -> list[AuditFact]:
    return [
        str(row["id"]),
        microseconds_of(row["at"]),
        row["actor_id"] and str(row["actor_id"]),
        row["service"],
        row["action"],
        row["subject_kind"],
        row["subject_id"],
        row["owner_id"] and str(row["owner_id"]),
        [str(one) for one in row["owner_ids"]],
        row["request_id"],
        row["details"],
    ]
