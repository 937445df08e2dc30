"""The connection over which requests are counted, before a Redis that says what a test wants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.limits.line import RedisLine, RedisRefusedError

SELECTED = b"+OK\r\n"


@dataclass
class Told:
    """A server that answers each command with the next parts, one write for each."""

    replies: list[list[bytes]] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Told"]:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        await server.wait_closed()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.replies and (command := await reader.read(65_536)):
            self.heard.append(command)
            for part in self.replies.pop(0):
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()


@contextlib.asynccontextmanager
async def line_to(*replies: list[bytes], more: str = "") -> AsyncIterator[tuple[RedisLine, Told]]:
    async with Told([*replies]).open() as told:
        line = RedisLine(f"redis://{more}127.0.0.1:{told.port}/3")
        yield line, told
        line.close()


async def test_a_reply_is_whole_however_it_is_cut() -> None:
    for cut in range(1, 20):
        reply = b"*3\r\n:7\r\n:-42\r\n:0\r\n"
        parts = [part for part in (reply[:cut], reply[cut:]) if part]
        async with line_to([SELECTED], parts) as (line, _):
            assert await line.call(b"EVALSHA") == [7, -42, 0]


async def test_a_socket_is_reached_by_its_path(tmp_path: Path) -> None:
    told = Told([[SELECTED], [SELECTED], [b"+PONG\r\n"]])
    server = await asyncio.start_unix_server(told.answer, tmp_path / "redis.sock")
    line = RedisLine(f"unix://:word@{tmp_path}/redis.sock?db=3")
    assert await line.call(b"PING") == b"PONG"
    assert told.heard[:2] == [
        b"*2\r\n$4\r\nAUTH\r\n$4\r\nword\r\n",
        b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n",
    ]
    line.close()
    server.close()
    await server.wait_closed()


async def test_it_says_who_it_is_and_chooses_the_database_first() -> None:
    async with line_to([SELECTED], [SELECTED], [b"+PONG\r\n"], more="user:word@") as (line, told):
        assert await line.call(b"PING") == b"PONG"
    assert told.heard == [
        b"*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$4\r\nword\r\n",
        b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n",
        b"*1\r\n$4\r\nPING\r\n",
    ]


async def test_a_refusal_is_told_and_the_connection_goes_on() -> None:
    async with line_to([SELECTED], [b"-NOSCRIPT No such\r\n"], [b"*1\r\n:1\r\n"]) as (line, told):
        with pytest.raises(RedisRefusedError, match="NOSCRIPT"):
            await line.call(b"EVALSHA")
        assert await line.call(b"EVAL") == [1]
    assert len(told.heard) == 3


async def test_after_a_wrong_password_nothing_is_asked() -> None:
    async with line_to([b"-WRONGPASS\r\n"], [SELECTED], more=":wrong@") as (line, told):
        with pytest.raises(RedisRefusedError, match="WRONGPASS"):
            await line.call(b"PING")
    assert len(told.heard) == 1


async def test_silence_ends_the_call_and_the_next_one_has_a_new_connection() -> None:
    async with line_to([SELECTED], [], [SELECTED], [b"*1\r\n:2\r\n"]) as (line, told):
        with pytest.raises(TimeoutError):
            await line.call(b"EVALSHA")
        assert await line.call(b"EVALSHA") == [2]
    assert [command[:20] for command in told.heard[::2]] == [told.heard[0][:20]] * 2


async def test_a_connection_that_is_closed_fails_the_call_at_once() -> None:
    async with line_to([SELECTED]) as (line, _):
        with pytest.raises(ConnectionError):
            await line.call(b"EVALSHA")


async def test_what_is_no_reply_of_redis_fails_the_call() -> None:
    async with line_to([SELECTED], [b"*1\r\n:many\r\n"]) as (line, _):
        with pytest.raises(ConnectionError):
            await line.call(b"EVALSHA")
