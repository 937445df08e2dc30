"""What a measurement runs: a stack, and beside it yardsticks and parts of ours."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from deploy.stack import Stack
from deploy.stack.locks import LOCK, held
from deploy.stack.services import ROOMY_LIMITS
from deploy.stack.signals import interruptible
from tests.benchmarks.load import Connection

ROOT = Path(__file__).parents[2]
LOCAL = Path(".local/bench")
_STARTS_WITHIN_SECONDS = 30.0


@contextmanager
def bench_stack() -> Iterator[Stack]:
    """Run a stack of its own, alone, and stop it, also where a signal ends this process."""
    interruptible()
    (ROOT / LOCAL).mkdir(parents=True, exist_ok=True)
    with held(ROOT / LOCAL / LOCK, "Another `make bench` or `make profile` is running here."):
        stack = Stack(root=ROOT, local=LOCAL, settings=ROOMY_LIMITS)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


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
        cwd=ROOT,
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
