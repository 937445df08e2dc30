import asyncio
from collections.abc import Iterator
from itertools import count, repeat

import pytest

from kit.tasks import (
    GIVES_WAY_AFTER,
    LONGEST_PAUSE_SECONDS,
    backoff,
    for_ever,
    giving_way,
    spawn,
    stop,
    to_the_end,
    together,
)
from testkit.conditions import running, until


async def test_together_returns_both_results() -> None:
    async def give(value: int) -> int:
        await asyncio.sleep(0)
        return value

    assert await together(give(1), give(2)) == (1, 2)


async def test_long_work_gives_way_and_leaves_nothing_out() -> None:
    done: list[int] = []
    seen: list[int] = []

    async def work() -> None:
        async for some in giving_way(range(GIVES_WAY_AFTER * 2 + 1)):
            done.extend(some)

    async def look() -> None:
        while len(done) <= GIVES_WAY_AFTER * 2:
            seen.append(len(done))
            await asyncio.sleep(0)

    await together(work(), look())
    assert done == list(range(GIVES_WAY_AFTER * 2 + 1))
    assert {GIVES_WAY_AFTER, GIVES_WAY_AFTER * 2} <= set(seen)


async def test_when_one_of_two_fails_the_other_does_not_go_on() -> None:
    ended: list[str] = []

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def go_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("stopped")

    with pytest.raises(ZeroDivisionError):
        await together(fail(), go_on())
    assert ended == ["stopped"]


async def test_work_that_must_end_ends_though_its_caller_is_cancelled() -> None:
    gate, ended = asyncio.Event(), list[str]()

    async def work() -> None:
        await gate.wait()
        ended.append("whole")

    task = asyncio.gather(to_the_end(work(), within_seconds=10))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["whole"]


async def test_work_that_does_not_end_in_its_time_is_cancelled() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    task = asyncio.gather(to_the_end(work(), within_seconds=0.01))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cancelled"]


async def test_a_loop_comes_back_after_errors_and_after_returns() -> None:
    outcomes: Iterator[bool] = iter((False, True, False, True, True))
    runs: list[bool] = []

    async def work() -> None:
        fails = next(outcomes, None)
        if fails is None:
            await asyncio.Event().wait()
        runs.append(bool(fails))
        if fails:
            raise ZeroDivisionError

    async with running(for_ever("test", work, every_seconds=0)):
        await until(lambda: len(runs) == 5)


async def test_a_loop_pauses_only_once_there_is_nothing_more_to_do() -> None:
    runs: list[int] = []

    async def work() -> bool:
        runs.append(len(runs))
        return len(runs) < 3

    async with running(for_ever("test", work, every_seconds=3600.0)):
        await until(lambda: len(runs) == 3)
        for _ in range(10):
            await asyncio.sleep(0)
    assert runs == [0, 1, 2]


async def test_a_loop_comes_back_before_its_pause_is_over_once_what_was_away_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kit.tasks.backoff", lambda: repeat(3600.0))
    is_back = asyncio.Event()
    runs: list[bool] = []

    async def work() -> None:
        runs.append(is_back.is_set())
        if not is_back.is_set():
            raise ConnectionRefusedError
        await asyncio.Event().wait()

    async with running(for_ever("test", work, or_when=is_back.wait)):
        await until(lambda: runs == [False])
        is_back.set()
        await until(lambda: runs == [False, True])


async def test_a_task_that_fails_is_told_and_others_are_stopped_quietly() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def wait() -> None:
        await asyncio.Event().wait()

    failed, waiting = spawn(fail(), "fails"), spawn(wait(), "waits")
    await asyncio.sleep(0)
    await stop([failed, waiting])
    assert waiting.cancelled()
    assert isinstance(failed.exception(), ZeroDivisionError)


async def test_a_loop_that_fails_again_and_again_never_pauses_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where connections end every second, what waits for the loop must not wait for many."""
    paused: list[float] = []

    async def pause(seconds: float, or_when: object) -> None:
        paused.append(seconds)
        await asyncio.sleep(0)

    async def work() -> None:
        raise ConnectionResetError

    monkeypatch.setattr("kit.tasks._pause", pause)
    async with running(for_ever("test", work)):
        await until(lambda: len(paused) > 100)
    assert max(paused) <= LONGEST_PAUSE_SECONDS == 1.0


@pytest.mark.parametrize(
    ("worked_seconds", "pauses"), [(3600.0, [1.0, 2.0, 3.0]), (-1.0, [1.0, 1.0, 1.0])]
)
async def test_pauses_grow_where_a_loop_fails_soon_and_begin_anew_where_it_had_worked_for_long(
    monkeypatch: pytest.MonkeyPatch, worked_seconds: float, pauses: list[float]
) -> None:
    paused: list[float] = []

    async def pause(seconds: float, or_when: object) -> None:
        paused.append(seconds)
        await asyncio.sleep(0)

    async def work() -> None:
        raise ConnectionResetError

    monkeypatch.setattr("kit.tasks.WORKED_SECONDS", worked_seconds)
    monkeypatch.setattr("kit.tasks.backoff", lambda: count(1.0))
    monkeypatch.setattr("kit.tasks._pause", pause)
    async with running(for_ever("test", work)):
        await until(lambda: len(paused) >= len(pauses))
    assert paused[: len(pauses)] == pauses


def test_delays_grow_up_to_their_cap_with_jitter() -> None:
    delays = backoff(first=1.0, most=8.0)
    for ceiling in (1, 2, 4, 8, 8, 8):
        assert 0.5 <= next(delays) <= ceiling
