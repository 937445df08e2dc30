"""Works on one file in a process of its own, at the command line."""

import argparse
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final
from uuid import UUID

import orjson

from finance.clients.storage import FileGoneError, FileStorage
from finance.domain.file_jobs import FileJob, FileTask
from finance.files.readers.lines import FileError
from finance.repository import FileJobs
from finance.service.exports import export
from finance.service.imports import book, check
from finance.settings import Settings
from kit.commands import Extra
from kit.db import Database
from kit.refusals import Refusal, Unavailable

_NICE: Final = 10


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", type=UUID, help="the file job that is begun")


async def _run(settings: Settings, parsed: argparse.Namespace) -> None:
    """Work on a file; tell what becomes of it in lines of JSON, last how it ended.

    Whoever began it is gone where nobody reads them, and then it ends, too.
    """
    os.nice(_NICE)
    most = settings.job_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    database = await Database.open(settings.database_url, name="finance", pool_size=1)
    try:
        async with database.read() as connection:
            job = await FileJobs(connection).get(parsed.job)
        if job is not None:
            _say(await _outcome(database, settings, job))
    finally:
        await database.close()


async def _outcome(database: Database, settings: Settings, job: FileJob) -> Mapping[str, Any]:
    storage = FileStorage.of(settings)
    try:
        match job.task:
            case FileTask.EXPORT:
                facts = await export(database, storage, job, Path(gettempdir()), _tell)
            case FileTask.CHECK:
                facts = await check(database, storage, job, _tell)
            case FileTask.BOOK:
                facts = await book(database, storage, job, _tell)
    except FileError as error:
        return {"failed": error.code}
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
