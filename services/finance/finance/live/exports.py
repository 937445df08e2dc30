"""Streams how far an export is, until it has ended; waits for the end of any job."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from finance.domain.files.file_jobs import FileJob
from finance.refusals import TooManyExportStreams
from finance.repository import FileJobs
from kit.db import Database
from kit.web.event_stream import HEARTBEAT, HEARTBEAT_SECONDS, event

LOOK_SECONDS: Final = 0.5
MOST_OF_ONE_USER: Final = 5


@dataclass(frozen=True, slots=True)
class ExportStreams:
    """The streams of this process; each looks at its job twice a second."""

    database: Database
    _of_user: Counter[UUID] = field(default_factory=Counter)

    def require_place(self, user_id: UUID) -> None:
        """Raise TooManyExportStreams where the user has enough already."""
        if self._of_user[user_id] >= MOST_OF_ONE_USER:
            raise TooManyExportStreams(most=MOST_OF_ONE_USER)

    @contextmanager
    def _place(self, user_id: UUID) -> Iterator[None]:
        self._of_user[user_id] += 1
        try:
            yield
        finally:
            self._of_user[user_id] -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]

    async def events(
        self,
        job: FileJob,
        after: int,
        shown: Callable[[FileJob], bytes],
        may_go_on: Callable[[], Awaitable[bool]],
    ) -> AsyncIterator[bytes]:
        """Yield the job whenever its version is above ``after``, until it has ended.

        No connection is held while the reader takes it. One that was deleted ends the stream.
        """
        current: FileJob | None = job
        said_at = time.monotonic()
        with self._place(job.user_id):
            yield HEARTBEAT
            while current is not None and await may_go_on():
                if current.version > after:
                    after, said_at = current.version, time.monotonic()
                    yield event(shown(current), current.version)
                elif time.monotonic() - said_at >= HEARTBEAT_SECONDS:
                    said_at = time.monotonic()
                    yield HEARTBEAT
                if not current.is_open:
                    return
                await asyncio.sleep(LOOK_SECONDS)
                async with self.database.read() as connection:
                    current = await FileJobs(connection).get(job.id)


async def ended(database: Database, job_id: UUID) -> FileJob | None:
    """Return a job once it has ended, None where it is deleted; no connection is held."""
    while True:
        async with database.read() as connection:
            job = await FileJobs(connection).get(job_id)
        if job is None or not job.is_open:
            return job
        await asyncio.sleep(LOOK_SECONDS)
