"""The yardstick of CPU: what one request costs the server of a FastAPI hello-world on uvicorn."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.benchmarks import cpu
from tests.benchmarks.load import Connection, clients
from tests.benchmarks.programs import Running, free_port, running

CLIENTS = 32  # as many as those who pay
_SERVER = """
import sys, fastapi, uvicorn
app = fastapi.FastAPI()
@app.get("/")
async def hello(): return {"hello": "world"}
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
"""


@asynccontextmanager
async def said() -> AsyncIterator[Running]:
    """Run a server that says hello, with the interpreter and libraries of the services."""
    port = free_port()
    async with running(port, sys.executable, "-c", _SERVER, str(port), ready="/") as server:
        yield server


async def micros(server: Running, seconds: float) -> float:
    """Return the microseconds of the server's CPU for one request with keep-alive."""

    async def turn(connection: Connection, _: int) -> str:
        status, body = await connection.request("GET", "/")
        return "" if status == 200 else f"{status}: {body[:100]!r}"

    before = cpu.of(server.pid)
    measured = await clients(server.url, CLIENTS, seconds, turn)
    if measured.errors:
        raise RuntimeError(measured.errors[0])
    return (cpu.of(server.pid) - before) / len(measured.took) * 1e6
