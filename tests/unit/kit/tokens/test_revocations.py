"""For how long a verifier believes what it has read of revocations."""

import asyncio
from typing import Any, Self, cast

import pytest
from redis.asyncio import Redis

from kit.tasks import spawn, stop
from kit.tokens import Revocations
from kit.tokens.revocations import (
    BLOCK_MILLISECONDS,
    READ_TIMEOUT_SECONDS,
    STALE_AFTER_SECONDS,
    STREAM,
)
from testkit.verification import Time


class TimedRedis:
    """Answers reads in a time that a test states, whenever the test lets it."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.run = "one"
        self.mark: str | None = "one"
        self.seconds = BLOCK_MILLISECONDS / 1000
        self.read_after: list[str] = []
        self._may_answer = asyncio.Semaphore(0)

    def pipeline(self, **_: Any) -> Self:
        return self

    def info(self, _: str) -> Self:
        return self

    def get(self, _: str) -> Self:
        return self

    def xread(self, streams: dict[str, str], **_: Any) -> Self:
        self.read_after.append(streams[STREAM])
        return self

    async def execute(self) -> list[Any]:
        await self._may_answer.acquire()
        self.time.advance(self.seconds)
        at = round(self.time.now().timestamp() * 1000)
        entries = [[STREAM, [[f"{at}-0", {"kind": "sid", "id": str(at)}]]]]
        return [{"run_id": self.run}, self.mark, entries]

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
    followed = Revocations(cast("Redis", redis), monotonic=redis.time.monotonic)
    task = spawn(followed.follow(), "test.revocations")
    while not redis.read_after:
        await asyncio.sleep(0)
    yield followed
    await stop([task])


@pytest.mark.check(8, 18)
def test_what_is_revoked_is_known_within_a_second_or_nobody_passes() -> None:
    assert STALE_AFTER_SECONDS <= 1
    # Whoever follows undisturbed is never stale: between two answers lies at most this.
    assert 2 * BLOCK_MILLISECONDS / 1000 < STALE_AFTER_SECONDS / 2
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
    await redis.answer()
    assert revocations.fresh
