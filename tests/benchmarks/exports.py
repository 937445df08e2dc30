"""Exports of a million transactions: how fast a file is made, and in how much memory."""

import asyncio
import re
import time
from pathlib import Path

import orjson
from tests.benchmarks.load import Connection

from testkit.people import Person

FORMATS = ("csv", "xlsx")
_PATH = "/v1/finance/exports"
_LOOK_SECONDS = 0.1


async def made(url: str, person: Person, format_name: str) -> tuple[float, float]:
    """Let a file of all one has be made; return rows a second, and MiB of memory at most."""
    connection = await Connection.open(url)
    began, most = time.perf_counter(), 0.0
    _, body = await connection.request("POST", _PATH, person.token, {"format": format_name})
    export = orjson.loads(body)
    while export["status"] in {"queued", "running"}:
        await asyncio.sleep(_LOOK_SECONDS)
        most = max(most, _held(export["id"]))
        _, body = await connection.request("GET", f"{_PATH}/{export['id']}", person.token)
        export = orjson.loads(body)
    connection.close()
    if export["status"] != "done":
        raise RuntimeError(export["failure"])
    return export["progress"]["rows"] / (time.perf_counter() - began), most


def _held(job_id: str) -> float:
    """Return the most MiB that the process of a job has held so far; 0 without /proc."""
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if job_id in cmdline.read_text():
                held = re.search(r"VmHWM:\s+(\d+) kB", (cmdline.parent / "status").read_text())
                return int(held[1]) / 1024 if held else 0.0
        except OSError:  # it has just ended
            continue
    return 0.0
