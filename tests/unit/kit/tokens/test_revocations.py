"""For how long a verifier believes what it has read of revocations."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, Self, cast

import pytest

from kit.redis import RedisLine, RedisWord
from kit.tasks import spawn, stop
from kit.tokens import Revocations
from kit.tokens.revocations import (
    BLOCK_MILLISECONDS,
    READ_TIMEOUT_SECONDS,
    STALE_AFTER_SECONDS,
    STREAM,
    UNMARKED_BLOCK_MILLISECONDS,
)
from testkit.verification import Time


class TimedRedis:
    """Answers reads in a time that a test states, whenever the test lets it."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.run = "one"
        self.mark: str | None = "one"
        self.seconds = BLOCK_MILLISECONDS / 1000
        self.has_entries = True
        self.asked: list[str] = []
        self.blocks: list[int] = []
        self.read_after: list[str] = []
        self._may_answer = asyncio.Semaphore(0)
        self._connected_to = ""
        self.is_away = False

    async def open(self) -> Self:
        if self.is_away:
            raise ConnectionRefusedError
        self._connected_to = self.run
        return self

    def close(self) -> None:
        """Be closed by who opened it."""

    def ask(self, *commands: tuple[RedisWord, ...]) -> list[Awaitable[Any]]:
        for name, *arguments in commands:
            self.asked.append(str(name))
            if name == "XREAD":
                self.blocks.append(int(arguments[3]))
                self.read_after.append(str(arguments[-1]))
        return [self._reply_to(name, self.mark) for name, *_ in commands]

    async def _reply_to(self, name: RedisWord, mark: str | None) -> Any:
        match name:
            case "INFO":
                return f"# Server\r\nredis_version:7\r\nrun_id:{self.run}\r\n".encode()
            case "GET":
                return None if mark is None else mark.encode()
        await self._may_answer.acquire()
        if self._connected_to != self.run:
            raise ConnectionResetError
        self.time.advance(self.seconds)
        at = round(self.time.now().timestamp() * 1000)
        entries = [[b"%d-0" % at, [b"kind", b"sid", b"id", b"%d" % at]]]
        return [[STREAM.encode(), entries]] if self.has_entries else None

    def fail(self) -> None:
        """End the read that is under way, and what follows, by a lost connection."""
        self.is_away = True
        self.run = "none"
        self._may_answer.release()

    async def answer(self) -> None:
        """Answer one read, and wait until the next one is asked for."""
        asked = len(self.read_after)
        self._may_answer.release()
        while len(self.read_after) == asked:
            await asyncio.sleep(0)


@pytest.fixture
def redis() -> TimedRedis:
    return TimedRedis(Time())


@pytest.fixture
async def revocations(redis: TimedRedis) -> Any:
    followed = Revocations(cast("RedisLine", redis), monotonic=redis.time.monotonic)
    task = spawn(followed.follow(), "test.revocations")
    while not redis.read_after:
        await asyncio.sleep(0)
    yield followed
    await stop([task])


@pytest.mark.check(8, 18)
def test_what_is_revoked_is_known_within_a_second_or_nobody_passes() -> None:
    assert STALE_AFTER_SECONDS <= 1
    # Whoever follows undisturbed is never stale, and has more than half of it for a disturbance.
    assert BLOCK_MILLISECONDS / 1000 < STALE_AFTER_SECONDS / 2
    assert BLOCK_MILLISECONDS / 1000 < READ_TIMEOUT_SECONDS < STALE_AFTER_SECONDS


@pytest.mark.check(8, 18)
async def test_an_answer_says_what_was_true_when_it_was_asked_for(
    redis: TimedRedis, revocations: Revocations
) -> None:
    await redis.answer()
    assert revocations.fresh
    redis.time.advance(STALE_AFTER_SECONDS - redis.seconds)
    assert revocations.fresh
    redis.time.advance(0.001)
    assert not revocations.fresh
    redis.seconds = STALE_AFTER_SECONDS + 0.001  # as behind a loop that stood still
    await redis.answer()
    assert not revocations.fresh


@pytest.mark.check(8, 18)
async def test_an_answer_that_was_waited_for_in_vain_says_what_was_true_until_then(
    redis: TimedRedis, revocations: Revocations
) -> None:
    await redis.answer()
    redis.has_entries = False
    redis.seconds = BLOCK_MILLISECONDS / 1000 + 0.01
    await redis.answer()
    redis.time.advance(STALE_AFTER_SECONDS - 0.02)
    assert revocations.fresh
    redis.time.advance(0.02)
    assert not revocations.fresh
    redis.seconds = BLOCK_MILLISECONDS / 1000 - 0.01  # as by a clock that was put forward
    await redis.answer()  # to what was asked before that time
    await redis.answer()
    redis.time.advance(STALE_AFTER_SECONDS - redis.seconds - 0.01)
    assert revocations.fresh
    redis.time.advance(0.02)
    assert not revocations.fresh


async def test_who_hears_nothing_asks_two_things_and_waits_long_for_the_answer(
    redis: TimedRedis, revocations: Revocations
) -> None:
    redis.has_entries = False
    for _ in range(5):
        await redis.answer()
    assert redis.asked == ["INFO", *(["GET", "XREAD"] * 6)]
    assert set(redis.blocks[1:]) == {BLOCK_MILLISECONDS}
    assert revocations.fresh


@pytest.mark.check(24)
async def test_auth_is_told_of_a_redis_that_is_not_marked_and_the_mark_is_soon_seen(
    redis: TimedRedis, revocations: Revocations
) -> None:
    told: list[str] = []
    revocations.when_incomplete(lambda: told.append("incomplete"))
    await redis.answer()
    assert not told
    redis.mark = "another"
    for _ in range(3):  # the mark is read when an answer is asked for
        await redis.answer()
    assert told == ["incomplete"] * 2
    assert redis.blocks[-2:] == [UNMARKED_BLOCK_MILLISECONDS] * 2


@pytest.mark.check(24)
async def test_after_a_restart_all_is_read_again_and_believed_once_it_is_marked(
    redis: TimedRedis, revocations: Revocations
) -> None:
    first = redis.read_after[0]
    await redis.answer()
    redis.run = "two"
    await redis.answer()
    assert redis.read_after[1] > redis.read_after[2] >= first  # from the horizon
    redis.time.advance(STALE_AFTER_SECONDS)
    await redis.answer()
    assert not revocations.fresh
    redis.mark = "two"
    for _ in range(2):
        await redis.answer()
    assert revocations.fresh


@pytest.fixture
async def stale(redis: TimedRedis, revocations: Revocations) -> Revocations:
    """Revocations of a process that has just stood still."""
    await redis.answer()
    redis.time.advance(STALE_AFTER_SECONDS + 1)
    redis.seconds = 0
    return revocations


def ends_at_once(wait: Coroutine[Any, Any, None]) -> None:
    with pytest.raises(StopIteration):
        wait.send(None)


async def test_after_a_standstill_the_next_answer_is_waited_for(
    redis: TimedRedis, stale: Revocations
) -> None:
    async with asyncio.TaskGroup() as waiting:
        waits = [waiting.create_task(stale.catch_up()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(wait.done() for wait in waits)
        await redis.answer()  # to what was asked for before that time
        assert not any(wait.done() for wait in waits)
        await redis.answer()
    assert stale.fresh


async def test_a_read_that_failed_in_a_standstill_is_tried_once_more(
    redis: TimedRedis, stale: Revocations
) -> None:
    async with asyncio.TaskGroup() as waiting:
        wait = waiting.create_task(stale.catch_up())
        redis.run = redis.mark = "two"
        await redis.answer()
        assert not wait.done()
        await redis.answer()
    assert stale.fresh


async def test_nobody_waits_for_a_redis_that_has_been_away_before(
    redis: TimedRedis, stale: Revocations
) -> None:
    async with asyncio.TaskGroup() as waiting:
        wait = waiting.create_task(stale.catch_up())
        redis.fail()
        await wait
    assert not stale.fresh
    ends_at_once(stale.catch_up())


async def test_nobody_waits_for_a_mark(redis: TimedRedis, stale: Revocations) -> None:
    redis.mark = None
    async with asyncio.TaskGroup() as waiting:
        wait = waiting.create_task(stale.catch_up())
        for _ in range(2):
            await redis.answer()
        await wait
    assert not stale.fresh
    ends_at_once(stale.catch_up())


async def test_nobody_waits_where_nobody_follows(redis: TimedRedis) -> None:
    followed = Revocations(cast("RedisLine", redis), monotonic=redis.time.monotonic)
    ends_at_once(followed.catch_up())
    task = spawn(followed.follow(), "test.revocations")
    async with asyncio.TaskGroup() as waiting:
        wait = waiting.create_task(followed.catch_up())
        while not redis.read_after:
            await asyncio.sleep(0)
        assert not wait.done()
        await stop([task])
    assert not followed.fresh
    ends_at_once(followed.catch_up())
