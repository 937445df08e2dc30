"""kit.outgoing: calls to other services, which no unit of work may wait for."""

import asyncio
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder
from typing import cast

import asyncpg
import httpx
import pytest
import respx
from pydantic import SecretStr

from kit import context
from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from kit.outgoing import RemoteCallInUnitOfWorkError, calling_as, http_client

URL = "http://wallet.test/v1/wallets"


class Driver:
    """A connection on which every statement succeeds."""

    async def execute(self, statement: str) -> str:
        return statement

    def is_closed(self) -> bool:
        return False


def unit_of_work() -> UnitOfWork:
    pool, driver = cast("asyncpg.Pool", None), cast("asyncpg.Connection", Driver())
    return UnitOfWork(Database(pool, "kit", SystemClock()), driver)


@respx.mock
async def test_inside_a_unit_of_work_a_call_is_refused_before_anything_is_sent() -> None:
    route = respx.get(URL).respond(200)
    async with http_client() as client:
        with pytest.raises(RemoteCallInUnitOfWorkError, match="/v1/wallets"):
            async with unit_of_work():
                await client.get(URL)
        assert route.call_count == 0
        async with unit_of_work():
            pass
        assert (await client.get(URL)).status_code == 200


@respx.mock
async def test_the_ids_of_the_work_in_hand_go_with_a_call() -> None:
    route = respx.get(URL).respond(200)
    async with http_client() as client:
        with context.bind(request_id="r", traceparent="t"):
            await client.get(URL)
        with context.bind(request_id="alone"):
            await client.get(URL)
        await client.get(URL)
    names = ("x-request-id", "traceparent")
    sent = [tuple(call.request.headers.get(name) for name in names) for call in route.calls]
    assert sent == [("r", "t"), ("alone", None), (None, None)]


@pytest.mark.check(69)
@respx.mock
async def test_a_redirection_is_an_answer_and_not_followed() -> None:
    elsewhere = respx.get("http://elsewhere.test/").respond(200)
    respx.get(URL).respond(307, headers={"Location": "http://elsewhere.test/"})
    async with http_client() as client:
        assert (await client.get(URL)).status_code == 307
    assert elsewhere.call_count == 0


@respx.mock
async def test_a_service_calls_by_its_own_token_until_the_block_ends() -> None:
    grant = {"access_token": "one", "expires_in": 300}
    asked = respx.post("http://auth.test/v1/auth/token").respond(200, json=grant)
    async with calling_as("payments", "http://auth.test", SecretStr("made-up")) as (client, token):
        assert await token.headers() == {"Authorization": "Bearer one"}
    form = httpx.QueryParams(asked.calls[0].request.content.decode())
    assert form["client_id"] == "svc:payments"
    assert client.is_closed


class Looked(MetaPathFinder):
    """Notes which modules are looked for on the disk, and finds none."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:  # noqa: ARG002 - Python's
        self.names.append(fullname)


async def test_a_call_looks_for_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is missing is looked for in every folder, each time: half of a call's CPU."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()
        await writer.wait_closed()
        has_ended.set()

    has_ended = asyncio.Event()
    looked = Looked()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, http_client() as client:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        await client.get(url)
        monkeypatch.setattr(sys, "meta_path", [looked, *sys.meta_path])
        answered = await client.get(url)
    await has_ended.wait()
    assert (answered.json(), looked.names) == ({}, [])
