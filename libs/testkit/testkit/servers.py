"""Serves ASGI apps on free ports of this machine, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from kit.tasks import spawn
from kit.web.serving.protocol import HttpProtocol

STARTS_WITHIN_SECONDS = 10.0


@asynccontextmanager
async def serving(server: uvicorn.Server) -> AsyncIterator[int]:
    """Run a server on a free port, yield the port, and stop the server at the end."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # serve() would take the process's signals from pytest.
        task = spawn(server._serve([listening]), "testkit.servers")  # noqa: SLF001 - as said
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.001)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def serving_app(app: ASGIApp) -> AsyncIterator[int]:
    """Run an app as services are run, without a lifespan."""
    config = uvicorn.Config(
        app,
        http=HttpProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    async with serving(uvicorn.Server(config)) as port:
        yield port
