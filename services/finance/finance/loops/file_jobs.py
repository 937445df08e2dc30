"""Runs the jobs of files, each in a process of its own; deletes old files.

A process that crashes, hangs or is killed harms nobody but its own file: the job is tried again.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import structlog

from finance.clients.storage import FileStorage
from finance.domain.files.file_jobs import FileJob, object_keys
from finance.files.folders import remove_lost_folders
from finance.repository import FileJobs
from finance.service.files import file_jobs as service
from finance.settings import Settings
from kit.db import Database
from kit.db.due import DueWatch
from kit.settings import environment_of
from kit.tasks import for_ever, spawn, stop
from kit.wake_up import WakeUp

_REPORT_SECONDS: Final = 1.0
_LONGEST_LINE: Final = 4 * 1024 * 1024  # what is found in a file, told in one line
EXPIRY_BATCH: Final = 100
_ENDS: Final = frozenset({"done", "failed", "put_off"})  # what a process says last

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FileRunner:
    """The loop over jobs; ``wake_up`` is set when one may begin."""

    database: Database
    storage: FileStorage
    settings: Settings
    wake_up: WakeUp
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Work until cancelled; what runs then is ended, and tried again by others."""
        due = DueWatch(self.database, lambda read: FileJobs(read).next_at(), at_once=self.wake_up)
        try:
            await for_ever("finance.files", lambda: self._run(due))
        finally:
            await stop(list(self._running))

    async def _run(self, due: DueWatch) -> None:
        await asyncio.to_thread(remove_lost_folders)  # of a worker that was killed, too
        while True:
            while len(self._running) < self.settings.most_jobs:
                job = await self.take()
                if job is None:
                    break
                self._start(job)
            await due.wait()

    def _start(self, job: FileJob) -> None:
        task = spawn(self.work(job), f"finance.file.{job.id}")
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.wake_up.set()

    async def take(self) -> FileJob | None:
        """Begin the job that is due for longest; None where none can begin."""
        async with self.database.unit_of_work() as uow:
            job = await service.take(uow)
        return job if job is not None and job.is_open else None

    async def work(self, job: FileJob) -> None:
        """Let a process work on a job that is begun, and store how that ends."""
        process = await self._process(job)
        try:
            async with asyncio.timeout(self.settings.job_timeout.total_seconds()):
                ended, told = await self._followed(job, process)
        except TimeoutError:
            ended, told = await self._current(job), {"put_off": "timeout"}
        finally:
            await _end(process)
        if ended is None:
            await self._undo(job)
        else:
            await self.store(ended, told)

    async def _process(self, job: FileJob) -> Process:
        command = [sys.executable, "-m", "finance", "file-job", str(job.id)]
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,  # it ends where this one does
            stdout=PIPE,
            env=environment_of(self.settings),
            limit=_LONGEST_LINE,
        )

    async def _followed(
        self, job: FileJob, process: Process
    ) -> tuple[FileJob | None, Mapping[str, Any]]:
        """Renew the lease and pass on how far it is; return what was said last.

        None where the job is somebody else's by now, or deleted.
        """
        said: list[dict[str, Any]] = [{}]
        hearing = spawn(_heard(process, said), f"finance.file.{job.id}.said")
        try:
            current = job
            while not hearing.done():
                await asyncio.wait([hearing], timeout=_REPORT_SECONDS)
                [told] = said
                if told.keys() & _ENDS:
                    break  # whatever the process still does, nobody needs it
                async with self.database.unit_of_work() as uow:
                    reported = await service.report(
                        uow, current, told.get("rows", 0), told.get("total")
                    )
                if reported is None:
                    return None, {}
                current = reported
        finally:
            await stop([hearing])
        return current, said[0]

    async def store(self, job: FileJob, told: Mapping[str, Any]) -> None:
        """Store how a process has ended, by what it said last."""
        async with self.database.unit_of_work() as uow:
            if "done" in told:
                await service.finish(uow, job, told["done"], self.settings.export_ttl)
            elif "failed" in told:
                await service.give_up(uow, job, told["failed"], told.get("accounts", []))
            else:  # it was lost where it said nothing of how it ended
                await service.put_off(uow, job, told.get("put_off", "process_lost"))
        _log_end(job, told)

    async def _current(self, job: FileJob) -> FileJob | None:
        async with self.database.read() as connection:
            found = await FileJobs(connection).get(job.id)
        return found if found is not None and found.attempts == job.attempts else None

    async def _undo(self, job: FileJob) -> None:
        """Delete what a process may have stored for a job that was deleted meanwhile."""
        async with self.database.read() as connection:
            found = await FileJobs(connection).get(job.id)
        if found is None and job.object_key is not None:
            await self.storage.delete(job.object_key)


async def _heard(process: Process, said: list[dict[str, Any]]) -> None:
    """Keep what a process says last, until it has ended."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    async for line in process.stdout:
        said[0] = orjson.loads(line)
    await process.wait()


def _log_end(job: FileJob, told: Mapping[str, Any]) -> None:
    outcome = next(iter(told.keys() & _ENDS), "process_lost")
    facts = {"code": told[outcome]} if outcome in {"failed", "put_off"} else {}
    write = log.info if outcome in {"done", "failed"} else log.warning
    write("file_job_ended", job=str(job.id), task=job.task, outcome=outcome, **facts)


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
    await asyncio.to_thread(remove_lost_folders)


async def sweep_files(database: Database, storage: FileStorage, every_seconds: float) -> None:
    """Delete files whose time is over, again and again, until cancelled."""

    async def once() -> bool:
        return await sweep_files_once(database, storage) == EXPIRY_BATCH

    await for_ever("finance.file_expiry", once, every_seconds=every_seconds)


async def sweep_files_once(database: Database, storage: FileStorage) -> int:
    """Delete some files whose time is over; return how many jobs there were.

    The file goes first: what is left where this breaks off is found again.
    """
    async with database.read() as connection:
        jobs = await FileJobs(connection).expired(database.clock.now(), EXPIRY_BATCH)
    for job in jobs:
        for key in object_keys(job):
            await storage.delete(key)
    async with database.unit_of_work() as uow:
        await service.forget_files(uow, jobs)
    return len(jobs)
