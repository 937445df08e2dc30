"""The server of a service: it listens at a socket, too, and ends what would never end."""

import asyncio
import socket
import stat
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from httpx import AsyncClient, AsyncHTTPTransport

from kit.web.serving.protocol import HttpProtocol
from kit.web.serving.server import DrainingServer
from testkit.conditions import until
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


@pytest.fixture
def web() -> FastAPI:
    made = FastAPI()

    @made.get("/")
    async def hello() -> str:
        return "hello"

    return made


def served(web: FastAPI, path: str) -> DrainingServer:
    config = uvicorn.Config(web, http=HttpProtocol, log_config=None)
    return DrainingServer(config, lambda: None, unix_socket=path)


async def test_it_also_listens_at_a_socket_for_its_own_user_and_leaves_none_behind(
    web: FastAPI, tmp_path: Path
) -> None:
    path = tmp_path / "8102"
    with socket.socket(socket.AF_UNIX) as ended:  # by a process that was killed
        ended.bind(str(path))
    async with serving(served(web, str(path))) as port:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for transport in (AsyncHTTPTransport(), AsyncHTTPTransport(uds=str(path))):
            async with AsyncClient(transport=transport) as http:
                answer = await http.get(f"http://127.0.0.1:{port}/")
                assert answer.json() == "hello"
    assert not path.exists()


class Cyclic:
    """Something that only the collector of garbage ends."""

    def __init__(self) -> None:
        self.itself = self


async def test_what_hangs_together_in_a_circle_is_let_go_after_a_while(web: FastAPI) -> None:
    config = uvicorn.Config(web, http=HttpProtocol, log_config=None)
    async with serving(DrainingServer(config, lambda: None, tick_seconds=0.001)):
        left = weakref.ref(Cyclic())
        await until(lambda: left() is None)


async def test_a_socket_that_can_not_be_removed_cuts_no_answer_off(
    web: FastAPI, tmp_path: Path
) -> None:
    (tmp_path / "8102").mkdir()
    server = served(web, str(tmp_path / "8102"))
    async with serving(server) as port, AsyncClient() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).json() == "hello"
    assert server.lifespan.shutdown_event.is_set()


async def test_without_a_place_for_its_socket_it_serves_by_its_port(
    web: FastAPI, tmp_path: Path
) -> None:
    nowhere = str(tmp_path / "nowhere" / "8102")
    async with serving(served(web, nowhere)) as port, AsyncClient() as http:
        assert (await http.get(f"http://127.0.0.1:{port}/")).json() == "hello"
