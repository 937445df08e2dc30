"""A connection to Redis, before one that says what a test wants."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kit.redis import RedisLine, RedisRefusedError

SELECTED = b"+OK\r\n"


@dataclass
class Told:
    """A server that answers each command with the next parts, one write for each."""

    replies: list[list[bytes]] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    port: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Told"]:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        for writer in self.writers:
            writer.close()
        await server.wait_closed()
        await asyncio.sleep(0)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
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


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"$0\r\n\r\n", b""),
        (b"$5\r\na\r\nbc\r\n", b"a\r\nbc"),
        (b"*0\r\n", []),
        (b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n", [b"a", [1, None]]),
    ],
)
async def test_every_kind_of_reply_is_read_however_it_is_cut(reply: bytes, read: object) -> None:
    for cut in range(1, len(reply) + 1):
        parts = [part for part in (reply[:cut], reply[cut:]) if part]
        async with line_to([SELECTED], parts) as (line, _):
            assert await line.call("GET", "a") == read


async def test_each_reply_is_of_the_command_it_answers_though_callers_go() -> None:
    async with line_to([SELECTED], [b":1\r\n:2\r\n-NO no\r\n$1\r\nx\r\n"]) as (line, _):
        link = await line.open()
        first, gone, refused, last = link.ask(("A",), ("B",), ("C",), ("D",))
        gone.cancel()
        assert await first == 1
        with pytest.raises(RedisRefusedError, match="NO no"):
            await refused
        assert await last == b"x"
        link.close()


async def test_those_who_ask_at_once_share_a_connection_and_each_has_their_own_reply() -> None:
    with contextlib.closing(RedisLine(os.environ["SALDO_TEST_REDIS"])) as line:
        ids = await asyncio.gather(*(line.call("CLIENT", "ID") for _ in range(20)))
        assert len(set(ids)) == 1
        words = [str(number) for number in range(200)]
        assert await asyncio.gather(*(line.call("ECHO", word) for word in words)) == [
            word.encode() for word in words
        ]


async def test_a_connection_that_was_lost_is_opened_again_but_a_link_is_not() -> None:
    with contextlib.closing(RedisLine(os.environ["SALDO_TEST_REDIS"])) as line:
        link = await line.open()
        (reply,) = link.ask(("CLIENT", "ID"))
        await line.call("CLIENT", "KILL", "ID", await reply)
        with pytest.raises(ConnectionResetError):
            await link.ask(("PING",))[0]
        line.close()
        assert await line.call("PING") == b"PONG"


async def test_who_reads_nothing_is_left_at_once_by_all_that_asked_it() -> None:
    unread = asyncio.Event()

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(SELECTED)
        await unread.wait()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, limit=1)
    port = server.sockets[0].getsockname()[1]
    line = RedisLine(f"redis://127.0.0.1:{port}/3", timeout_seconds=0.2)

    async def later() -> None:
        await asyncio.sleep(0.1)
        await line.call("PING")

    large = line.call("SET", "key", bytes(32 * 1024 * 1024))
    ends = await asyncio.gather(large, later(), return_exceptions=True)
    assert [type(end) for end in ends] == [TimeoutError, ConnectionResetError]
    unread.set()
    server.close()
    await server.wait_closed()
