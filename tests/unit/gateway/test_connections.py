"""Connections to services: what comes in is read as HTTP says, and only what ended well is kept."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.forwarding.answer import UpstreamAnswer
from gateway.forwarding.connections import (
    KEEP_ALIVE_SECONDS,
    MAX_HEAD_BYTES,
    ConnectionPool,
    MalformedAnswerError,
    ServiceConnection,
)
from kit import runtime

ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SILENCE_SECONDS = 5.0


@dataclass
class Listener:
    """Answers each request with the same bytes, in the parts given, and counts connections."""

    parts: list[bytes] = field(default_factory=lambda: [OK])
    closes: bool = False
    connections: int = 0
    received: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.received += 1
                for part in self.parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
                if self.closes:
                    break
        writer.close()


@contextlib.asynccontextmanager
async def pool_to(
    listener: Callable[..., Awaitable[object]],
    seconds: float = SILENCE_SECONDS,
    sockets: str = "",
) -> AsyncIterator[ConnectionPool]:
    opened: list[asyncio.StreamWriter] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        await listener(reader, writer)

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = ConnectionPool(f"http://127.0.0.1:{port}", seconds, sockets)
    try:
        yield pool
    finally:
        pool.close()
        for writer in opened:
            writer.transport.abort()
        server.close()
        await server.wait_closed()


async def asked(pool: ConnectionPool, *, has_payload: bool = True) -> ServiceConnection:
    connection = await pool.take()
    connection.begin(has_payload=has_payload)
    connection.write(ASK)
    await connection.answered()
    return connection


async def body_of(connection: ServiceConnection) -> bytes:
    chunks = []
    while chunk := await connection.chunk():
        chunks.append(chunk)
    return b"".join(chunks)


ANSWERS: dict[str, tuple[list[bytes], int, bytes]] = {
    "whole": ([OK], 200, b"ok"),
    "in bytes": ([OK[i : i + 1] for i in range(len(OK))], 200, b"ok"),
    "after interim ones": ([b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n" * 2 + OK], 200, b"ok"),
    "in chunks": (
        [b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"],
        201,
        b"ok",
    ),
    "without a body": ([b"HTTP/1.1 204 None\r\n\r\n"], 204, b""),
    "not modified": ([b"HTTP/1.1 304 Same\r\ncontent-length: 9\r\n\r\n"], 304, b""),
    "of length 0": ([b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 0\r\n\r\n"], 200, b""),
}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_answer_is_read_and_its_connection_used_again(kind: str) -> None:
    parts, status, body = ANSWERS[kind]
    listener = Listener(parts)
    async with pool_to(listener) as pool:
        for _ in range(3):
            connection = await asked(pool)
            assert (connection.status, await body_of(connection)) == (status, body)
            assert not any(name == b"link" for name, _ in connection.headers)
            connection.release()
    assert (listener.connections, listener.received) == (1, 3)


async def test_an_answer_that_was_read_does_not_touch_the_connection_again() -> None:
    """Its caller may take it slowly, and another request be on that connection by then."""
    may_answer = asyncio.Event()

    async def listener(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
            await may_answer.wait()
        writer.close()

    async with pool_to(listener) as pool:
        connection = await asked(pool)
        answer = UpstreamAnswer(connection, [])
        await answer.read_if_small()
        other = await pool.take()
        assert other is connection
        other.begin(has_payload=True)
        other.write(ASK)
        answer.close()
        may_answer.set()
        await other.answered()
        assert await body_of(other) == b"ok"
        other.release()


def test_services_keep_idle_connections_longer_than_the_pool() -> None:
    assert runtime.KEEP_ALIVE_SECONDS > KEEP_ALIVE_SECONDS


async def test_a_connection_that_nobody_accepts_is_given_up() -> None:
    """A full queue of a socket that listens: the kernel answers no further caller (Linux)."""
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        pool = ConnectionPool(f"http://127.0.0.1:{full.getsockname()[1]}", SILENCE_SECONDS)
        with pytest.raises(TimeoutError):
            await pool.take()
        pool.close()


async def test_the_answer_to_head_is_over_with_its_head() -> None:
    listener = Listener([b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n"])
    async with pool_to(listener) as pool:
        for _ in range(2):
            connection = await asked(pool, has_payload=False)
            assert (connection.is_complete, connection.length) == (True, 5000)
            connection.release()
    assert listener.connections == 1


async def test_a_trailer_is_no_header() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    async with pool_to(Listener([chunked + b"0\r\nx-user: eve\r\n\r\n"])) as pool:
        connection = await asked(pool)
        assert await body_of(connection) == b""
        assert connection.headers == [(b"transfer-encoding", b"chunked")]


NOT_KEPT: dict[str, tuple[list[bytes], bool]] = {
    "it says close": (
        [b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"],
        False,
    ),
    "it is HTTP/1.0": ([b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"], False),
    "its body ends with the connection": ([b"HTTP/1.1 200 OK\r\n\r\no", b"k"], True),
    "another answer follows": ([OK + OK], False),
}


@pytest.mark.parametrize("why", NOT_KEPT)
async def test_a_connection_is_not_kept_where(why: str) -> None:
    parts, closes = NOT_KEPT[why]
    listener = Listener(parts, closes)
    async with pool_to(listener) as pool:
        for _ in range(2):
            connection = await asked(pool)
            assert await body_of(connection) == b"ok"
            connection.release()
    assert listener.connections == 2


async def test_a_body_that_a_head_request_gets_ends_the_connection() -> None:
    listener = Listener([OK])
    async with pool_to(listener) as pool:
        for _ in range(2):
            (await asked(pool, has_payload=False)).release()
    assert listener.connections == 2


async def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    answers: list[asyncio.StreamWriter] = []

    async def listener(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read()
        writer.close()

    async with pool_to(listener) as pool:
        connection = await asked(pool)
        assert await connection.whole() == b"ok"
        connection.release()
        answers[0].write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
        while connection.is_open:
            await asyncio.sleep(0.001)
        assert await (await asked(pool)).whole() == b"ok"
    assert len(answers) == 2


MALFORMED = {
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "a status that none is": b"HTTP/1.1 600 So\r\ncontent-length: 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
    "a length and chunks": (
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "another protocol": b"HTTP/1.1 101 So\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    "a head without an end": b"HTTP/1.1 200 OK\r\nx: " + b"a" * (MAX_HEAD_BYTES + 1),
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_what_is_no_answer_is_said_to_be_none(what: str) -> None:
    async with pool_to(Listener([MALFORMED[what]])) as pool:
        with pytest.raises(MalformedAnswerError):
            await asked(pool)


async def test_chunks_that_are_none_break_the_body_off() -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n"
    async with pool_to(Listener([head + b"zz\r\n"])) as pool:
        with pytest.raises(MalformedAnswerError):
            await body_of(await asked(pool))


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n", OK[:-1]])
async def test_a_connection_that_ends_too_early_is_an_error(said: bytes) -> None:
    async with pool_to(Listener([said], closes=True)) as pool:
        with pytest.raises(ConnectionResetError):
            await (await asked(pool)).whole()


async def test_silence_is_a_time_out_that_spares_the_next_request() -> None:
    listener = Listener([b""])
    async with pool_to(listener, seconds=0.05) as pool:
        with pytest.raises(TimeoutError):
            await asked(pool)
        listener.parts = [OK]
        for _ in range(3):
            connection = await asked(pool)
            assert await connection.whole() == b"ok"
            connection.release()
            await asyncio.sleep(0.06)  # an idle connection is not a silent one
    assert listener.connections == 2


async def test_of_a_body_that_is_not_read_little_is_held() -> None:
    size = 50_000_000
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size
    sent = 0

    async def listener(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while sent < size:
            writer.write(b"x" * 100_000)
            sent += 100_000
            await writer.drain()
        writer.close()

    async with pool_to(listener) as pool:
        connection = await asked(pool)
        before = -1
        while sent != before:  # until nothing more goes out
            before = sent
            await asyncio.sleep(0.05)
        assert sent < size / 2
        assert len(await body_of(connection)) == size


async def test_a_service_that_takes_nothing_is_a_time_out() -> None:
    async def listener(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    async with pool_to(listener, seconds=0.1) as pool:
        connection = await pool.take()
        connection.begin(has_payload=True)
        with pytest.raises(TimeoutError):
            for _ in range(1000):
                connection.write(b"x" * 100_000)
                await connection.written()
        connection.close()


async def test_nobody_listening_is_an_error(unused_tcp_port: int) -> None:
    with pytest.raises(OSError, match="Connect"):
        await ConnectionPool(f"http://127.0.0.1:{unused_tcp_port}", 1.0).take()


async def listening_at(path: Path, listener: Listener) -> asyncio.AbstractServer:
    return await asyncio.start_unix_server(listener, path)


@pytest.mark.parametrize("mode", [0o720, 0o702])
async def test_a_folder_that_others_may_write_to_is_no_place_for_sockets(
    tmp_path: Path, mode: int
) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(PermissionError, match="SOCKETS"):
        ConnectionPool("http://127.0.0.1:8102", 1.0, str(tmp_path))


async def test_a_service_of_this_machine_is_reached_by_its_socket(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    listener = Listener()
    server = await listening_at(tmp_path / str(unused_tcp_port), listener)
    pool = ConnectionPool(f"http://127.0.0.1:{unused_tcp_port}", SILENCE_SECONDS, str(tmp_path))
    connection = await asked(pool)
    assert await body_of(connection) == b"ok"
    assert listener.connections == 1
    pool.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("is_left", [True, False], ids=["left behind", "not there"])
async def test_where_nobody_listens_at_the_socket_the_port_is_asked(
    tmp_path: Path, *, is_left: bool
) -> None:
    listener = Listener()
    async with pool_to(listener, sockets=str(tmp_path)) as pool:
        if is_left:
            with socket.socket(socket.AF_UNIX) as ended:
                ended.bind(str(tmp_path / str(pool.port)))
        connection = await asked(pool)
        assert await body_of(connection) == b"ok"
    assert listener.connections == 1


async def test_a_service_of_another_machine_is_not_asked_by_a_socket_of_this(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    server = await listening_at(tmp_path / str(unused_tcp_port), Listener())
    elsewhere = f"http://127.0.0.2:{unused_tcp_port}"  # where nobody listens
    with pytest.raises(OSError, match="Connect"):
        await ConnectionPool(elsewhere, 1.0, str(tmp_path)).take()
    server.close()
    await server.wait_closed()
