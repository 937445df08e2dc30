"""Callers who send slowly or not at all, and too many of them: SECURITY check 66."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

SOON = 0.4  # the bounds of these tests, in seconds
LIMIT_SECONDS = 10.0


@contextlib.asynccontextmanager
async def connected(
    door: Any, address: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect from an address of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port, local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def dribble(writer: asyncio.StreamWriter, byte: bytes = b"x") -> None:
    """Send a byte now and then, until the other end has had enough."""
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(byte)
            await writer.drain()
            await asyncio.sleep(SOON / 10)


async def answered(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, byte: bytes = b"x"
) -> bytes:
    """Return all that comes back while bytes are sent one by one."""
    found = b""
    async with asyncio.timeout(LIMIT_SECONDS), asyncio.TaskGroup() as tasks:
        dribbling = tasks.create_task(dribble(writer, byte))
        with contextlib.suppress(ConnectionError):  # the other end closes on what it has not read
            while part := await reader.read(65_536):
                found += part
        dribbling.cancel()
    return found


async def answer_to(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Ask for something public on the connection, and return the answer's first line."""
    writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(LIMIT_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    return head.split(b"\r\n")[0]


@pytest.mark.check(66)
async def test_a_head_that_comes_byte_by_byte_is_cut(open_door: Any, service: Any) -> None:
    door = await open_door(head_seconds=SOON)
    async with connected(door) as (reader, writer):
        writer.write(b"GET /v1/wallets HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        found = await answered(reader, writer)
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_too_slow"' in found
    assert b"x-saldo-origin: gateway" in found
    assert found.count(b"connection: close") == 1
    assert service.seen == []


async def test_a_connection_on_which_nothing_is_sent_is_closed_without_a_word(
    open_door: Any,
) -> None:
    door = await open_door(head_seconds=SOON)
    async with connected(door) as (reader, _), asyncio.timeout(LIMIT_SECONDS):
        assert await reader.read() == b""


async def test_the_next_head_on_a_connection_is_held_to_it_too_and_the_pause_before_is_not(
    open_door: Any,
) -> None:
    door = await open_door(head_seconds=SOON)
    async with connected(door) as (reader, writer):
        assert await answer_to(reader, writer) == b"HTTP/1.1 200 OK"
        await asyncio.sleep(2 * SOON)
        assert await answer_to(reader, writer) == b"HTTP/1.1 200 OK"
        writer.write(b"GET /health")
        assert (await answered(reader, writer)).startswith(b"HTTP/1.1 408 ")


@pytest.mark.check(66)
@pytest.mark.parametrize("length", [b"Content-Length: 9000", b"Transfer-Encoding: chunked"])
async def test_a_body_that_comes_byte_by_byte_is_cut(
    open_door: Any, service: Any, length: bytes
) -> None:
    door = await open_door(body_seconds=SOON)
    async with connected(door) as (reader, writer):
        writer.write(b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n" % length)
        byte = b"x" if b"Content" in length else b"1\r\nx\r\n"
        found = await answered(reader, writer, byte)
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_too_slow"' in found
    assert b"connection: close" in found
    assert service.seen == []


async def test_an_upload_that_stalls_half_way_is_closed(open_door: Any, service: Any) -> None:
    door = await open_door(body_seconds=SOON)
    token = door.desk.mint.user().encode()
    async with connected(door) as (reader, writer), asyncio.timeout(LIMIT_SECONDS):
        writer.write(
            b"POST /v1/payments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n"
            b"Content-Length: 1000000\r\n\r\n%b" % (token, b"x" * 500_000)
        )
        found = await reader.read()
    assert found.startswith(b"HTTP/1.1 408 ")
    assert service.seen == []


async def test_an_upload_that_is_slow_but_steady_passes(open_door: Any, service: Any) -> None:
    door = await open_door(body_seconds=SOON)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(8):
            await asyncio.sleep(SOON / 4)  # longer than the bound, all together
            yield b"x" * 1024

    answer = await door.request("POST", "/v1/payments", content=chunks())
    assert answer.status_code == 200
    assert len(service.seen[0].body) == 8 * 1024


async def test_a_body_that_nobody_reads_holds_no_connection(open_door: Any) -> None:
    door = await open_door(head_seconds=SOON)
    async with connected(door) as (reader, writer):
        writer.write(b"POST /v1/wallets HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n")
        found = await answered(reader, writer)
    assert found.startswith(b"HTTP/1.1 401 ")
    assert found.count(b"HTTP/1.1") == 1


@pytest.mark.check(66)
async def test_a_thousand_idle_connections_disturb_nobody(open_door: Any) -> None:
    door = await open_door()
    async with contextlib.AsyncExitStack() as held:
        idle = [await held.enter_async_context(connected(door)) for _ in range(1000)]
        assert await answer_to(*idle[0]) == b"HTTP/1.1 200 OK"
        assert (await door.get("/v1/wallets")).status_code == 200
        assert await answer_to(*idle[-1]) == b"HTTP/1.1 200 OK"
        for reader, writer in idle[:300]:
            writer.write(b"GET /health/live HTTP/1.1\r\nX-Never: ")
            assert not reader.at_eof()
        assert (await door.get("/v1/wallets")).status_code == 200


async def test_connections_above_the_most_are_refused_and_the_others_go_on(open_door: Any) -> None:
    door = await open_door(max_connections=3)
    async with connected(door) as first, connected(door) as second, connected(door) as third:
        for one in (first, second, third):
            assert await answer_to(*one) == b"HTTP/1.1 200 OK"
        async with connected(door) as (reader, _), asyncio.timeout(LIMIT_SECONDS):
            found = await reader.read()
        assert found.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"unavailable"' in found
        assert await answer_to(*first) == b"HTTP/1.1 200 OK"
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            async with connected(door) as again:
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    assert await answer_to(*again) == b"HTTP/1.1 200 OK"
                    break
            await asyncio.sleep(0.01)


@pytest.mark.check(66)
async def test_one_address_takes_no_more_than_its_part_of_all_places(open_door: Any) -> None:
    door = await open_door(max_connections=10, max_connections_per_address=3)
    slow = b"GET /health/live HTTP/1.1\r\nX-Never: "
    async with contextlib.AsyncExitStack() as held:
        for _ in range(3):
            _, writer = await held.enter_async_context(connected(door, "127.0.0.5"))
            writer.write(slow)
        for _ in range(20):  # each is told so, and closed
            async with connected(door, "127.0.0.5") as (reader, _), asyncio.timeout(LIMIT_SECONDS):
                found = await reader.read()
            assert found.startswith(b"HTTP/1.1 503 ")
            assert b'"code":"unavailable"' in found
            assert b"connection: close" in found
        async with connected(door, "127.0.0.6") as other:
            assert await answer_to(*other) == b"HTTP/1.1 200 OK"
    async with asyncio.timeout(LIMIT_SECONDS):  # a place that is left is free again
        while True:
            async with connected(door, "127.0.0.5") as again:
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    assert await answer_to(*again) == b"HTTP/1.1 200 OK"
                    break
            await asyncio.sleep(0.01)


async def test_the_connections_of_a_trusted_proxy_are_not_counted(open_door: Any) -> None:
    door = await open_door(max_connections_per_address=2, trusted_proxies=["127.0.0.7/32"])
    async with contextlib.AsyncExitStack() as held:
        proxied = [await held.enter_async_context(connected(door, "127.0.0.7")) for _ in range(5)]
        for one in proxied:
            assert await answer_to(*one) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "wanted",
    [
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        b"Upgrade: h2c\r\n",
    ],
)
async def test_no_connection_becomes_one_of_another_protocol(
    door: Any, service: Any, wanted: bytes
) -> None:
    smuggled = b"GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = await door.raw(
        b"GET /v1/services HTTP/1.1\r\nHost: x\r\n%b\r\n%b" % (wanted, smuggled), until_closed=True
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"upgrade_refused"' in answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert service.seen == []
