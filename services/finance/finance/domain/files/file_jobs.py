"""Decides the life of a file job: an export, or an import's check and booking."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

MOST_ATTEMPTS: Final = 4
LEASE: Final = timedelta(seconds=20)  # renewed every second or two while a process works
_BACK_OFF: Final = timedelta(seconds=2)


class FileTask(StrEnum):
    """What is done; an import is checked, perhaps again, and then booked."""

    EXPORT = "export"
    CHECK = "check"
    BOOK = "book"


class FileStatus(StrEnum):
    """How far it is. What is deleted is shown to nobody, and goes with its file."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    DELETED = "deleted"


OPEN: Final = frozenset({FileStatus.QUEUED, FileStatus.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileJob:
    """A file that is made or read in a process of its own.

    Attributes:
        options: What was asked for, or how the file is to be read.
        account_id: Of an import: where its lines are booked.
        version: Grows with every change; whoever has an older one stores nothing.
        attempts: How often the task has begun.
        next_at: When it is worked on next, or, running, when whoever does is taken for dead; None:
            its command has not come yet, or it has ended.
        rows: How many were written or read so far, of ``total`` where that is known.
        result: Of an import: how it was read, and what was found.
        failure: Why it failed.
        object_key: Where the file lies in the storage. Each attempt at an export has a place of its
            own, lest one that was taken for dead overwrites what another has made.
        expires_at: When the file is deleted.
    """

    id: UUID
    user_id: UUID
    task: FileTask
    format: str
    status: FileStatus = FileStatus.QUEUED
    options: Mapping[str, Any]
    account_id: UUID | None = None
    version: int = 1
    attempts: int = 0
    next_at: datetime | None = None
    rows: int = 0
    total: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    failure: str | None = None
    object_key: str | None = None
    size: int | None = None
    sha256: str | None = None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still worked on."""
        return self.status in OPEN

    @property
    def is_import(self) -> bool:
        """Whether it reads a file."""
        return self.task is not FileTask.EXPORT


def changed(job: FileJob, now: datetime, **facts: Any) -> FileJob:
    """Return a job with other facts, one version on."""
    return replace(job, version=job.version + 1, updated_at=now, **facts)


def commanded(job: FileJob, now: datetime) -> FileJob:
    """Return a job whose command has come: it may begin at once."""
    return job if job.next_at or not job.is_open else changed(job, now, next_at=now)


def begun(job: FileJob, now: datetime) -> FileJob:
    """Return a job that somebody works on from now on, until the lease ends."""
    attempts = job.attempts + 1
    return changed(
        job,
        now,
        status=FileStatus.RUNNING,
        attempts=attempts,
        next_at=now + LEASE,
        rows=0,
        total=None,
        object_key=job.object_key if job.is_import else _place(job, attempts),
    )


def object_keys(job: FileJob) -> list[str]:
    """Return all places in which files of a job may lie."""
    if job.is_import:
        return [] if job.object_key is None else [job.object_key]
    return [_place(job, attempt) for attempt in range(1, job.attempts + 1)]


def _place(job: FileJob, attempt: int) -> str:
    return f"exports/{job.id}/{attempt}"


def is_worn_out(job: FileJob) -> bool:
    """Tell whether a job has been begun as often as may be."""
    return job.attempts >= MOST_ATTEMPTS


def put_off(job: FileJob, now: datetime, code: str) -> FileJob:
    """Return a job whose attempt came to nothing: tried again, or failed in the end."""
    if is_worn_out(job):
        return failed(job, now, code)
    wait = _BACK_OFF * 4 ** (job.attempts - 1)
    return changed(job, now, status=FileStatus.QUEUED, next_at=now + wait)


def failed(job: FileJob, now: datetime, code: str, **facts: Any) -> FileJob:
    """Return a job that no further attempt can help."""
    ended = {"status": FileStatus.FAILED, "failure": code, "next_at": None, "ended_at": now}
    return changed(job, now, **ended, **facts)


def done(job: FileJob, now: datetime, **facts: Any) -> FileJob:
    """Return a job whose task is done, with all of its rows."""
    facts = {"rows": job.rows, **facts}
    return changed(
        job,
        now,
        status=FileStatus.DONE,
        next_at=None,
        ended_at=now,
        total=facts["rows"],
        **facts,
    )


def again(job: FileJob, now: datetime, task: FileTask, **facts: Any) -> FileJob:
    """Return a job with a new task, which waits for its command."""
    return changed(
        job,
        now,
        task=task,
        status=FileStatus.QUEUED,
        attempts=0,
        next_at=None,
        failure=None,
        ended_at=None,
        rows=0,
        total=None,
        **facts,
    )
