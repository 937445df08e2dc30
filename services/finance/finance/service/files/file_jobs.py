"""Holds the verbs of file jobs: order, begin, end, delete. Their callers commit.

A file itself is made or read in a process of its own, without the caller's unit of work.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.finance import ExportFailed, ExportReady, RunFileJob
from finance.domain.files import file_jobs
from finance.domain.files.file_jobs import FileJob, FileStatus, FileTask
from finance.refusals import (
    ExportNotFound,
    ImportBooked,
    ImportBusy,
    ImportNotFound,
    ImportNotReady,
    TooManyFileJobs,
)
from finance.repository import FileJobs
from kit.db import Connection, UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope
from kit.messaging.outbox import emit


async def order(uow: UnitOfWork, job: FileJob, *, most: int) -> FileJob:
    """Store a new job, and command it to be worked on.

    Raises:
        TooManyFileJobs: ``most`` jobs of its owner have not ended.
    """
    jobs = FileJobs(uow)
    await jobs.lock_owner(job.user_id)
    await require_place(uow, job.user_id, most=most)
    await jobs.add(job)
    _command(uow, job)
    return job


async def require_place(connection: Connection, user_id: UUID, *, most: int) -> None:
    """Refuse another job of a user who has ``most`` that have not ended.

    Raises:
        TooManyFileJobs: so it is.
    """
    if await FileJobs(connection).count_open(user_id) >= most:
        raise TooManyFileJobs(most=most)


async def make_ready(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> None:
    """Let the jobs begin whose commands have come; those that have ended stay so."""
    jobs = FileJobs(uow)
    for envelope in sorted(envelopes, key=lambda one: one.subject):  # one lock order for all
        command = envelope.message
        assert isinstance(command, RunFileJob)  # noqa: S101 - routed by type
        job = await jobs.lock(command.job_id)
        if job is not None and (ready := file_jobs.commanded(job, uow.clock.now())) is not job:
            await jobs.save(ready)


async def take(uow: UnitOfWork) -> FileJob | None:
    """Begin the job that is due for longest; None where none is.

    One whose worker was lost as often as may be has failed, and is returned so.
    """
    now = uow.clock.now()
    jobs = FileJobs(uow)
    job = await jobs.lock_due(now)
    if job is None:
        return None
    # Of two workers that look at once, each at another job, one sees what the other has begun.
    await jobs.lock_owner(job.user_id)
    if await jobs.has_running(job.user_id, now):
        return None
    if file_jobs.is_worn_out(job):
        lost = file_jobs.failed(job, now, "gave_up")
        await _end(uow, lost)
        return lost
    begun = file_jobs.begun(job, now)
    await jobs.save(begun)
    return begun


async def report(uow: UnitOfWork, job: FileJob, rows: int, total: int | None) -> FileJob | None:
    """Store how far a job is, and renew its lease; None where it is others' now."""
    now = uow.clock.now()
    told = file_jobs.changed(job, now, rows=rows, total=total, next_at=now + file_jobs.LEASE)
    return told if await FileJobs(uow).save(told) else None


async def finish(uow: UnitOfWork, job: FileJob, facts: Mapping[str, Any], ttl: timedelta) -> None:
    """Store that a job's task is done, and tell its owner of an export."""
    now = uow.clock.now()
    await _end(uow, file_jobs.done(job, now, expires_at=now + ttl, **facts))


async def give_up(uow: UnitOfWork, job: FileJob, code: str, accounts: Sequence[str] = ()) -> None:
    """Store that a job failed for good: trying again would not help.

    Where that is for several accounts, their names are told, so that one can be chosen.
    """
    facts = {"result": {**job.result, "accounts": list(accounts)}} if accounts else {}
    await _end(uow, file_jobs.failed(job, uow.clock.now(), code, **facts))


async def put_off(uow: UnitOfWork, job: FileJob, code: str) -> None:
    """Store that an attempt came to nothing; another follows later, up to a number."""
    await _end(uow, file_jobs.put_off(job, uow.clock.now(), code))


async def reread(
    uow: UnitOfWork, user_id: UUID, job_id: UUID, choices: Mapping[str, Any]
) -> FileJob:
    """Check an import again, read as the choices say.

    Raises:
        ImportNotFound, ImportBusy, ImportBooked: by their names.
    """
    job = await _import(uow, user_id, job_id)
    if job.task is FileTask.BOOK and job.status is FileStatus.DONE:
        raise ImportBooked
    options = {**job.options, **choices}
    return await _again(uow, job, FileTask.CHECK, options=options, result={})


async def book(uow: UnitOfWork, user_id: UUID, job_id: UUID) -> FileJob:
    """Book what an import's check has found.

    Raises:
        ImportNotFound, ImportBusy, ImportBooked, ImportNotReady: by their names.
    """
    job = await _import(uow, user_id, job_id)
    if job.task is FileTask.BOOK and job.status is FileStatus.DONE:
        raise ImportBooked
    is_ready = job.status is FileStatus.DONE and not job.result["ambiguous"]
    if not is_ready and job.task is not FileTask.BOOK:
        raise ImportNotReady
    return await _again(uow, job, FileTask.BOOK)


async def delete(uow: UnitOfWork, user_id: UUID, job_id: UUID, *, is_import: bool) -> None:
    """Show a job to nobody any more; its file goes at the next sweep.

    Raises:
        ExportNotFound, ImportNotFound: by their names.
    """
    job = await _own(uow, user_id, job_id, is_import=is_import)
    now = uow.clock.now()
    gone = file_jobs.changed(
        job, now, status=FileStatus.DELETED, failure=None, next_at=None, expires_at=now
    )
    await FileJobs(uow).save(gone)


async def forget_files(uow: UnitOfWork, jobs: Sequence[FileJob]) -> None:
    """Store that the files of jobs are gone; what has changed meanwhile stays."""
    now = uow.clock.now()
    await FileJobs(uow).delete([job.id for job in jobs if job.status is FileStatus.DELETED])
    for job in jobs:
        if job.status is not FileStatus.DELETED:
            gone = file_jobs.changed(
                job, now, status=FileStatus.EXPIRED, failure=None, object_key=None
            )
            await FileJobs(uow).save(gone)


async def _own(uow: UnitOfWork, user_id: UUID, job_id: UUID, *, is_import: bool) -> FileJob:
    job = await FileJobs(uow).lock(job_id)
    if job is None or job.user_id != user_id or job.is_import is not is_import:
        raise ImportNotFound if is_import else ExportNotFound
    return job


async def _import(uow: UnitOfWork, user_id: UUID, job_id: UUID) -> FileJob:
    job = await _own(uow, user_id, job_id, is_import=True)
    if job.is_open:
        raise ImportBusy
    if job.status is FileStatus.EXPIRED:
        raise ImportNotFound
    return job


async def _again(uow: UnitOfWork, job: FileJob, task: FileTask, **facts: Any) -> FileJob:
    queued = file_jobs.again(job, uow.clock.now(), task, **facts)
    await FileJobs(uow).save(queued)
    _command(uow, queued)
    return queued


def _command(uow: UnitOfWork, job: FileJob) -> None:
    emit(uow, RunFileJob(command_id=new_id(), job_id=job.id), subject=str(job.id))


async def _end(uow: UnitOfWork, job: FileJob) -> None:
    """Store a job as it ended, unless somebody else has it now; tell of an export."""
    if not await FileJobs(uow).save(job) or job.task is not FileTask.EXPORT:
        return
    told: dict[str, Any] = {
        "export_id": job.id,
        "user_id": job.user_id,
        "format": job.format,
        "is_mailed": job.options["is_mailed"],
    }
    if job.status is FileStatus.DONE:
        emit(uow, ExportReady(**told, rows=job.rows), subject=str(job.id))
    elif job.status is FileStatus.FAILED:
        emit(uow, ExportFailed(**told, code=job.failure or ""), subject=str(job.id))
