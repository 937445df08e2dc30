"""Makes files in tests, one after the other: right here, or as workers do, by processes."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import httpx
from tests.integration.finance.room import Json, Room, opened

from finance.clients.storage import FileStorage
from finance.commands.file_job import outcome
from finance.domain.files.file_jobs import FileJob
from finance.loops.file_jobs import FileRunner, sweep_files_once
from finance.settings import Settings
from kit.wake_up import WakeUp
from testkit.databases import Cluster

BUCKET = urlsplit(os.environ.get("SALDO_TEST_STORAGE", ""))


def storage_settings() -> dict[str, Any]:
    """Return the settings of the real S3 server of tests."""
    endpoint = f"{BUCKET.scheme}://{BUCKET.hostname}:{BUCKET.port}"
    return {
        "s3_endpoint": endpoint,
        "s3_public_url": endpoint.replace("127.0.0.1", "localhost"),
        "s3_bucket": BUCKET.path.strip("/"),
        "s3_access_key": BUCKET.username,
        "s3_secret_key": BUCKET.password,
    }


@dataclass
class Desk:
    """A room, and the worker that makes and reads its files."""

    room: Room
    runner: FileRunner

    def elsewhere(self, **chosen: Any) -> FileRunner:
        """Return a worker with other settings."""
        settings = self.runner.settings.model_copy(update=chosen)
        return FileRunner(self.room.database, FileStorage(settings), settings, WakeUp())

    async def work(self, runner: FileRunner | None = None) -> int:
        """Bring commands, and work on what is due until nothing is; return how many jobs.

        What a process would do is done right here, which is much quicker.
        """
        return await self._work(runner or self.runner, self.do)

    async def follow(self, runner: FileRunner | None = None) -> int:
        """Work as ``work`` does, but on each job by a process of its own."""
        return await self._work(runner or self.runner, FileRunner.work)

    async def do(self, runner: FileRunner, job: FileJob) -> None:
        """Do right here what a worker has a process do on a job that is begun."""
        with TemporaryDirectory() as folder:
            told = await outcome(
                self.room.database, runner.storage, job, Path(folder), lambda *_: None
            )
        await runner.store(job, told)

    async def _work(
        self, runner: FileRunner, work: Callable[[FileRunner, FileJob], Awaitable[None]]
    ) -> int:
        await self.room.pump.run()
        count = 0
        while (job := await runner.take()) is not None:
            await work(runner, job)
            count += 1
        await self.room.pump.run()
        return count

    async def sweep(self) -> int:
        """Delete the files whose time is over."""
        return await sweep_files_once(self.room.database, self.runner.storage)

    async def export(self, format_name: str = "csv", **asked: Any) -> Json:
        """Return an export that was ordered and made."""
        ordered = await self.order(format=format_name, **asked)
        await self.work()
        return await self.room.get(f"/exports/{ordered['id']}")

    async def order(self, **asked: Any) -> Json:
        """Return an export that was ordered."""
        answer = await self.room.ask("POST", "/exports", json={"format": "csv", **asked})
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/finance/exports/{answer.json()['id']}"
        ordered: Json = answer.json()
        return ordered

    async def hand_in(
        self, account_id: str, content: bytes | str, media_type: str = "text/csv", **more: Any
    ) -> httpx.Response:
        """Hand a file in."""
        body = content.encode() if isinstance(content, str) else content
        headers = {"Content-Type": media_type, **more.pop("headers", {})}
        query = {"account_id": account_id, **more}
        return await self.room.ask("POST", "/imports", content=body, params=query, headers=headers)

    async def checked(self, account_id: str, content: bytes | str, **more: Any) -> Json:
        """Return an import as its check has found it."""
        answer = await self.hand_in(account_id, content, **more)
        assert answer.status_code == 202, answer.text
        await self.work()
        return await self.room.get(f"/imports/{answer.json()['id']}")

    async def booked(self, import_id: str) -> Json:
        """Return an import after it was booked."""
        answer = await self.room.ask("POST", f"/imports/{import_id}/book")
        assert answer.status_code == 202, answer.text
        assert answer.json()["status"] == "booking"
        await self.work()
        return await self.room.get(f"/imports/{import_id}")


async def fetched(address: str) -> httpx.Response:
    """Return what anybody gets at an address, with no token."""
    async with httpx.AsyncClient() as client:
        return await client.get(address)


@asynccontextmanager
async def opened_desk(cluster: Cluster, **chosen: Any) -> AsyncIterator[Desk]:
    """Open finance with the real storage."""
    settings: Mapping[str, Any] = {
        **storage_settings(),
        "database_url": cluster.url("finance"),
        **chosen,
    }
    async with opened(cluster, **settings) as room:
        wiring = room.service.state.wiring
        used: Settings = wiring.settings
        yield Desk(room, FileRunner(room.database, wiring.storage, used, WakeUp()))
