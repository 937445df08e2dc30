"""The server of a service, stopped while an answer goes on for ever."""

import asyncio
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from httpx import AsyncClient

from kit.web.serving.server import DrainingServer
from testkit.servers import serving


async def test_an_answer_without_an_end_is_ended_when_the_server_is_stopped() -> None:
    web, is_over = FastAPI(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"it begins"
        await is_over.wait()
        yield b", it ends"

    @web.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(endless())

    config = uvicorn.Config(web, log_config=None, timeout_graceful_shutdown=60)
    server = DrainingServer(config, is_over.set, tick_seconds=3600)  # it is told, and does not look
    async with (
        serving(server) as port,
        AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http,
        http.stream("GET", "/") as answer,
    ):
        chunks = answer.aiter_bytes()
        assert await anext(chunks) == b"it begins"
        server.should_exit = True
        assert [chunk async for chunk in chunks] == [b", it ends"]
