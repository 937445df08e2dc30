"""Stores the jobs of files.

Lock order: jobs in the order of their ids, then the owner (advisory, where a job is added or
begun), then books.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from finance.domain.files.file_jobs import FileJob, FileStatus, FileTask
from kit.db import Connection
from kit.db.bulk import BulkInsert
from kit.span import Span

_NAMES: Final = tuple(one.name for one in fields(FileJob))
_ROW: Final = ", ".join(_NAMES)
# What never changes is not stored again.
_KEPT: Final = {"id", "user_id", "format", "account_id", "created_at"}
_CHANGING: Final = [name for name in _NAMES if name not in _KEPT]
_PLACES: Final = ", ".join(f"{name} = ${place}" for place, name in enumerate(_CHANGING, start=3))
_JOBS: Final = BulkInsert(
    "file_job",
    id="uuid",
    user_id="uuid",
    task="text",
    format="text",
    status="text",
    options="jsonb",
    account_id="uuid",
    version="int",
    attempts="int",
    next_at="timestamptz",
    rows="bigint",
    total="bigint",
    result="jsonb",
    failure="text",
    object_key="text",
    size="bigint",
    sha256="text",
    created_at="timestamptz",
    updated_at="timestamptz",
    ended_at="timestamptz",
    expires_at="timestamptz",
)
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended('files ' || $1, 0))"
_OPEN: Final = """
SELECT count(*) FROM file_job WHERE user_id = $1 AND status IN ('queued', 'running')
"""
_GET: Final = f"SELECT {_ROW} FROM file_job WHERE id = $1 AND status <> 'deleted'"
_LOCK: Final = f"{_GET} FOR NO KEY UPDATE"
_SAVE: Final = f"UPDATE file_job SET {_PLACES} WHERE id = $1 AND version = $2"
# Of one user one at a time, so that their large files leave places to others.
_LOCK_DUE: Final = f"""
SELECT {_ROW} FROM file_job WHERE status IN ('queued', 'running') AND next_at <= $1
    AND NOT EXISTS (SELECT FROM file_job AS other WHERE other.user_id = file_job.user_id
        AND other.status = 'running' AND other.next_at > $1)
ORDER BY next_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
_HAS_RUNNING: Final = """
SELECT EXISTS (SELECT FROM file_job WHERE user_id = $1 AND status = 'running' AND next_at > $2)
"""
_PAGE: Final = f"""
SELECT {_ROW} FROM file_job
WHERE user_id = $1 AND (task = 'export') = $2 AND status <> 'deleted'
    AND ($3::text IS NULL OR status = $3)
    AND created_at >= $4 AND created_at < $5 AND (created_at, id) < ($6, $7)
ORDER BY created_at DESC, id DESC LIMIT $8
"""
_EXPIRED: Final = f"""
SELECT {_ROW} FROM file_job
WHERE status NOT IN ('queued', 'running', 'expired') AND expires_at <= $1
ORDER BY expires_at LIMIT $2
"""
_FORGET: Final = """
UPDATE file_job SET status = 'deleted', failure = NULL, options = '{}', result = '{}',
    next_at = NULL, expires_at = $2, version = version + 1
WHERE id = ANY(ARRAY(
    SELECT id FROM file_job WHERE user_id = ANY($1) ORDER BY id FOR NO KEY UPDATE))
"""
_DELETE: Final = "DELETE FROM file_job WHERE id = ANY($1) AND status = 'deleted'"
_BEGIN: Final = datetime.min.replace(year=2000, tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)
_LAST_ID: Final = UUID(int=2**128 - 1)

_NEXT: Final = "SELECT min(next_at) FROM file_job WHERE status IN ('queued', 'running')"


class FileJobs:
    """Stored jobs; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_owner(self, user_id: UUID) -> None:
        """Let one unit of work at a time add or begin jobs of a user."""
        await self._connection.execute(_ONE_AT_A_TIME, str(user_id))

    async def next_at(self) -> datetime | None:
        """Return when the first job may begin; None where none is open."""
        at: datetime | None = await self._connection.fetchval(_NEXT)
        return at

    async def count_open(self, user_id: UUID) -> int:
        """Return how many jobs of a user have not ended."""
        return int(await self._connection.fetchval(_OPEN, user_id))

    async def add(self, job: FileJob) -> None:
        """Store a new job."""
        await _JOBS.insert_objects(self._connection, [job])

    async def get(self, job_id: UUID) -> FileJob | None:
        """Return a job, whoever's it is."""
        return _one(await self._connection.fetchrow(_GET, job_id))

    async def lock(self, job_id: UUID) -> FileJob | None:
        """Return a job, locked until the unit of work ends."""
        return _one(await self._connection.fetchrow(_LOCK, job_id))

    async def lock_due(self, now: datetime) -> FileJob | None:
        """Return the job that is due for longest and not locked, locked.

        None of a user one of whose jobs is worked on.
        """
        return _one(await self._connection.fetchrow(_LOCK_DUE, now))

    async def has_running(self, user_id: UUID, now: datetime) -> bool:
        """Tell whether a job of a user is worked on; one whose lease is over is not."""
        return bool(await self._connection.fetchval(_HAS_RUNNING, user_id, now))

    async def save(self, job: FileJob) -> bool:
        """Store a job that is one version on; False where it has changed meanwhile."""
        values = [getattr(job, name) for name in _CHANGING]
        return await self._connection.execute(_SAVE, job.id, job.version - 1, *values) == 1

    async def page(  # noqa: PLR0913 (whose, which, from where on)
        self,
        user_id: UUID,
        *,
        are_exports: bool,
        status: FileStatus | None,
        span: Span,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[FileJob]:
        """Return a user's exports or imports, newest first, strictly below a position."""
        created_at, job_id = after or (_END, _LAST_ID)
        rows = await self._connection.fetch(
            _PAGE,
            user_id,
            are_exports,
            status,
            span.begin or _BEGIN,
            span.end or _END,
            created_at,
            job_id,
            limit,
        )
        return [_job(row) for row in rows]

    async def expired(self, now: datetime, limit: int) -> Sequence[FileJob]:
        """Return jobs whose files are to be deleted."""
        return [_job(row) for row in await self._connection.fetch(_EXPIRED, now, limit)]

    async def forget(self, user_ids: Collection[UUID], now: datetime) -> None:
        """Show nobody the files of deleted people any more; the sweep deletes them."""
        await self._connection.execute(_FORGET, list(user_ids), now)

    async def delete(self, job_ids: Collection[UUID]) -> None:
        """Delete jobs whose files are gone."""
        await self._connection.execute(_DELETE, list(job_ids))


def _one(row: Any) -> FileJob | None:
    return None if row is None else _job(row)


def _job(row: Any) -> FileJob:
    known = dict(row)
    return FileJob(
        **{**known, "task": FileTask(known["task"]), "status": FileStatus(known["status"])}
    )
