"""Streams of events: SECURITY check 67, as far as the gateway goes."""

import asyncio
import contextlib
from typing import Any

import pytest
from starlette.types import Receive, Send

STREAM = [(b"content-type", b"text/event-stream")]
PATH = "/v1/payments/7/events"
LIMIT_SECONDS = 10.0


@pytest.fixture
async def gone(service: Any) -> asyncio.Event:
    """Let the service stream until the gateway leaves, which is told."""
    left = asyncio.Event()

    async def respond(_: Any, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": STREAM})
        await send({"type": "http.response.body", "body": b"id: 1\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    service.respond = respond
    return left


async def test_the_service_is_left_when_the_caller_has_gone(door: Any, gone: asyncio.Event) -> None:
    async with door.client.stream("GET", PATH, headers=door.token()) as answer:
        assert await anext(answer.aiter_bytes()) == b"id: 1\n\n"
        assert not gone.is_set()
    async with asyncio.timeout(LIMIT_SECONDS):
        await gone.wait()


async def test_each_event_arrives_as_it_is_sent(door: Any, service: Any) -> None:
    heard = asyncio.Queue[bytes]()

    async def respond(_: Any, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": STREAM})
        while event := await heard.get():
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    service.respond = respond
    heard.put_nowait(b"id: 0\n\n")
    async with (
        asyncio.timeout(LIMIT_SECONDS),
        door.client.stream("GET", PATH, headers=door.token()) as answer,
    ):
        chunks = answer.aiter_bytes()
        assert await anext(chunks) == b"id: 0\n\n"
        for number in range(1, 4):
            heard.put_nowait(b"id: %d\n\n" % number)
            assert await anext(chunks) == b"id: %d\n\n" % number
        heard.put_nowait(b"")
        assert [chunk async for chunk in chunks] == []


@pytest.mark.check(67)
async def test_a_caller_who_reads_slowly_holds_the_service_up_and_fills_no_memory(
    door: Any, service: Any
) -> None:
    sent = 0
    chunk = b"x" * 65_536

    async def respond(_: Any, __: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": STREAM})
        for _ in range(2_000):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            sent += len(chunk)
        await send({"type": "http.response.body", "body": b""})

    service.respond = respond
    token = door.desk.mint.user().encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1024)
    writer.write(
        b"GET %b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n" % (PATH.encode(), token)
    )
    async with asyncio.timeout(LIMIT_SECONDS):
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
        before = -1
        while sent != before:  # until it stands still
            before = sent
            await asyncio.sleep(0.3)
    assert 0 < sent < 2_000 * len(chunk) / 4
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.check(66)
async def test_of_a_caller_who_reads_no_more_the_service_is_freed(
    open_door: Any, service: Any
) -> None:
    door = await open_door(stalled_seconds=0.3)
    left = asyncio.Event()
    body = {"type": "http.response.body", "body": b"x" * 65_536, "more_body": True}

    async def respond(_: Any, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2_000):  # which nobody holds up any more, once the gateway has left
            await send(body)
        left.set()

    service.respond = respond
    token = door.desk.mint.user().encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1024)
    writer.write(b"GET /v1/wallets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n" % token)
    async with asyncio.timeout(LIMIT_SECONDS):
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
        await left.wait()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
