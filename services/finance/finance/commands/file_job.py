"""Works on one file in a process of its own, at the command line."""

import argparse
import asyncio
import os
import resource
import shutil
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import structlog

from finance.clients.storage import FileGoneError, FileStorage
from finance.domain.files.file_jobs import FileJob, FileTask
from finance.files.folders import work_folder
from finance.files.readers.lines import FileError
from finance.repository import FileJobs
from finance.service.files.exports import Tell, export
from finance.service.files.imports import book, check
from finance.settings import Settings
from kit.commands import Extra
from kit.db import Database
from kit.refusals import Refusal, Unavailable

_NICE: Final = 10
_ABANDONED: Final = 1
_BROKEN: Final = 2
_INPUT: Final = 0
_CHUNK: Final = 1024

log = structlog.get_logger(__name__)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=UUID, help="the file job that is begun")


async def _run(settings: Settings, parsed: argparse.Namespace) -> None:
    """Work on a file; tell what becomes of it in lines of JSON, last how it ended.

    Whoever began it holds its input open, and is gone where that ends; then it ends, too: nobody
    waits for it.
    """
    if not _is_held(_INPUT):
        raise SystemExit("file-job is begun by a worker, which holds its input; nothing was done")
    os.nice(_NICE)
    most = settings.job_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with work_folder() as folder:
        asyncio.get_running_loop().add_reader(_INPUT, _end_with_worker, folder)
        try:
            await _work(settings, parsed.job, folder)
        except Exception:
            log.exception("file_job_broke", job=str(parsed.job))
            raise SystemExit(_BROKEN) from None


def _is_held(descriptor: int) -> bool:
    """Tell whether somebody is at the other end, as nobody is of a file or a terminal."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:  # it is closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _end_with_worker(folder: Path) -> None:
    if not os.read(_INPUT, _CHUNK):
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(_ABANDONED)


async def _work(settings: Settings, job_id: UUID, folder: Path) -> None:
    database = await Database.open(settings.database_url, name="finance", pool_size=1)
    try:
        async with database.read() as connection:
            job = await FileJobs(connection).get(job_id)
        if job is not None:
            storage = FileStorage(settings)
            _say(await outcome(database, storage, job, folder, _tell))
    finally:
        await database.close()


async def outcome(
    database: Database, storage: FileStorage, job: FileJob, folder: Path, tell: Tell
) -> Mapping[str, Any]:
    """Work on a file; return how it ended: `done`, `failed` or `put_off`.

    With what it comes to: facts, or a code. Nothing of it is stored in the job; what is written on
    the way is in the ``folder``.
    """
    try:
        match job.task:
            case FileTask.EXPORT:
                facts = await export(database, storage, job, folder, tell)
            case FileTask.CHECK:
                facts = await check(database, storage, job, tell)
            case FileTask.BOOK:
                facts = await book(database, storage, job, tell)
    except FileError as error:
        return {"failed": error.code, "accounts": error.accounts}
    except FileGoneError:
        return {"failed": "file_gone"}
    except MemoryError:
        return {"failed": "file_too_complex"}
    except Unavailable:
        return {"put_off": "storage_unavailable"}
    except Refusal as refusal:
        return {"failed": refusal.code}
    return {"done": facts}


def _tell(rows: int, total: int | None) -> None:
    _say({"rows": rows, "total": total})


def _say(what: Mapping[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
    sys.stdout.buffer.flush()


FILE_JOB: Final[Extra] = (_arguments, _run)
