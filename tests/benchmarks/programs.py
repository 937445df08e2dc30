"""Programs that a measurement runs beside the stack: yardsticks, and parts of ours."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.load import Connection

_ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_SECONDS = 30.0


class Running(NamedTuple):
    """A program that listens."""

    url: str
    pid: int

    @property
    def rss_mib(self) -> float:
        """Its memory that is not swapped out."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def running(
    port: int, *command: str, environment: Mapping[str, str] | None = None, ready: str = ""
) -> AsyncIterator[Running]:
    """Run a program from when it listens on `port`; `ready` is a path that must answer 200 too."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=_ROOT,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(_STARTS_WITHIN_SECONDS):
            while not await _is_ready(url, ready):
                await asyncio.sleep(0.05)
        yield Running(url, process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _is_ready(url: str, path: str) -> bool:
    with suppress(OSError, asyncio.IncompleteReadError):
        connection = await Connection.open(url)
        status = (await connection.request("GET", path))[0] if path else HTTPStatus.OK
        connection.close()
        return status == HTTPStatus.OK
    return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def program(name: str) -> str:
    """Return where a program is, "" if nowhere; not every PATH names Debian's servers."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin") or ""
