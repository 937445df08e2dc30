"""Those who came together lately wait for each other, and nobody who comes alone waits."""

import asyncio
from asyncio import Future
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kit.db.batcher import MOST, Batcher
from kit.linger import MOST_PAUSES, QUIET_SECONDS, Gathering, Linger
from kit.refusals import Refusal, Unavailable
from testkit.conditions import until

SECONDS = 7.0
LIMIT_SECONDS = 20  # nobody waits in vain for a pause of 600


class Pauses:
    """Pauses without time: each lets those come who are due in it."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.during: list[Callable[[], object]] = []  # what happens in each pause, in order

    async def __call__(self, ended: "Future[None]", seconds: float) -> None:
        self.asked.append(seconds)
        if self.during:
            self.during.pop(0)()
        del ended


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def gathering(pauses: Pauses) -> Gathering[int]:
    return Gathering(5, pause=pauses)


async def came(gathering: Gathering[int], *items: int) -> list[int]:
    """Let items come at once, and return what is taken."""
    for item in items:
        gathering.add(item)
    return await gathering.take()


async def test_who_comes_alone_waits_for_nobody(gathering: Gathering[int], pauses: Pauses) -> None:
    assert [await came(gathering, item) for item in (1, 2, 3)] == [[1], [2], [3]]
    assert pauses.asked == []


async def test_after_company_the_first_waits_until_as_many_have_come(
    gathering: Gathering[int], pauses: Pauses
) -> None:
    await came(gathering, 1, 2, 3)
    pauses.during = [lambda: gathering.add(5), lambda: gathering.add(6)]
    assert await came(gathering, 4) == [4, 5, 6]
    assert pauses.asked == [QUIET_SECONDS] * 2


async def test_who_comes_with_as_many_as_of_late_waits_for_nobody_else(
    gathering: Gathering[int], pauses: Pauses
) -> None:
    await came(gathering, 1, 2, 3)
    assert await came(gathering, 4, 5, 6) == [4, 5, 6]
    assert await came(gathering, 7, 8, 9, 10) == [7, 8, 9, 10]
    assert pauses.asked == []


async def test_once_nobody_has_come_for_a_moment_the_rest_is_not_waited_for(
    gathering: Gathering[int], pauses: Pauses
) -> None:
    await came(gathering, 1, 2, 3, 4)
    pauses.during = [lambda: gathering.add(6), lambda: None, lambda: gathering.add(7)]
    assert await came(gathering, 5) == [5, 6]
    assert pauses.asked == [QUIET_SECONDS] * 2


async def test_those_who_come_one_by_one_are_waited_for_a_while_only(pauses: Pauses) -> None:
    gathering: Gathering[int] = Gathering(64, pause=pauses)
    await came(gathering, *range(64))
    pauses.during = [lambda: gathering.add(0)] * 64
    assert len(await came(gathering, 0)) == 1 + MOST_PAUSES


async def test_how_many_came_is_forgotten_by_half_each_time(
    gathering: Gathering[int], pauses: Pauses
) -> None:
    await came(gathering, 1, 2, 3, 4)
    for item in (5, 6, 7, 8):
        assert await came(gathering, item) == [item]
    assert len(pauses.asked) == 2  # for four, and for two


async def test_no_more_are_taken_than_go_at_once_and_those_are_not_waited_for(
    gathering: Gathering[int], pauses: Pauses
) -> None:
    assert await came(gathering, *range(12)) == [0, 1, 2, 3, 4]
    assert await gathering.take() == [5, 6, 7, 8, 9]
    assert pauses.asked == []
    assert bool(gathering)
    assert gathering.clear() == [10, 11]
    assert not gathering


async def test_who_was_left_over_waits_for_nobody_else(
    gathering: Gathering[int], pauses: Pauses
) -> None:
    assert await came(gathering, *range(7)) == [0, 1, 2, 3, 4]
    assert await gathering.take() == [5, 6]
    assert pauses.asked == []
    assert await came(gathering, 7) == [7]
    assert pauses.asked == [QUIET_SECONDS]


async def test_where_nobody_has_to_be_quiet_nobody_waits(pauses: Pauses) -> None:
    gathering: Gathering[int] = Gathering(5, quiet=0, pause=pauses)
    await came(gathering, 1, 2, 3)
    assert await came(gathering, 4) == [4]
    assert pauses.asked == []


async def test_the_wait_ends_with_the_last_who_was_hoped_for() -> None:
    gathering: Gathering[int] = Gathering(5, quiet=600)
    await came(gathering, 1, 2, 3)
    gathering.add(4)
    async with asyncio.TaskGroup() as tasks:
        taken = tasks.create_task(gathering.take())
        for item in (5, 6, 7):
            await asyncio.sleep(0)
            assert not taken.done()
            gathering.add(item)
        await until(taken.done)
    assert taken.result() == [4, 5, 6, 7]


class Numbers:
    """A batcher that writes nothing, and the batches that it has done."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.batcher: Batcher[Any, int, int] = Batcher(
            self._open, self._do, name="numbers", quiet=600
        )

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Any]:
        yield None

    async def _do(self, _: Any, items: Sequence[int]) -> Sequence[int | Refusal]:
        self.batches.append(list(items))
        return items

    @property
    def is_gathering(self) -> bool:
        return self.batcher._waiting._enough is not None

    def cancel(self) -> None:
        assert self.batcher._writing
        self.batcher._writing.cancel()

    async def refused(self, item: int) -> str | None:
        try:
            await self.submit(item)
        except Refusal as refusal:
            return refusal.code
        return None

    async def submit(self, *items: int) -> list[int]:
        async with asyncio.timeout(LIMIT_SECONDS):
            return list(await asyncio.gather(*map(self.batcher.submit, items)))


async def test_requests_that_come_alone_are_done_at_once() -> None:
    numbers = Numbers()
    assert [await numbers.submit(number) for number in (1, 2, 3)] == [[1], [2], [3]]


async def test_requests_that_came_together_are_done_together_though_they_come_one_by_one() -> None:
    numbers = Numbers()
    assert await numbers.submit(1, 2, 3) == [1, 2, 3]
    async with asyncio.TaskGroup() as tasks:
        for number in (4, 5, 6):
            assert numbers.batches == [[1, 2, 3]]
            tasks.create_task(numbers.submit(number))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    assert numbers.batches == [[1, 2, 3], [4, 5, 6]]


async def test_a_caller_that_stops_waiting_while_others_gather_is_left_out() -> None:
    numbers = Numbers()
    await numbers.submit(1, 2, 3)
    async with asyncio.TaskGroup() as tasks:
        gone = tasks.create_task(numbers.submit(4))
        tasks.create_task(numbers.submit(5))
        await until(lambda: numbers.is_gathering)
        gone.cancel()
        tasks.create_task(numbers.submit(6))
    assert numbers.batches == [[1, 2, 3], [5, 6]]


async def test_where_the_gathering_is_cancelled_nobody_waits_for_ever() -> None:
    numbers = Numbers()
    await numbers.submit(1, 2, 3)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(numbers.refused(4))
        await until(lambda: numbers.is_gathering)
        numbers.cancel()
    assert waiting.result() == Unavailable.code
    assert await numbers.submit(5, 6, 7) == [5, 6, 7]
    assert numbers.batches == [[1, 2, 3], [5, 6, 7]]


async def test_a_full_batch_is_not_waited_for() -> None:
    numbers = Numbers()
    await numbers.submit(*range(2 * MOST))
    assert [len(batch) for batch in numbers.batches] == [MOST, MOST]


@pytest.mark.parametrize(("items", "asked"), [(0, []), (1, []), (2, [SECONDS]), (64, [SECONDS])])
async def test_a_linger_waits_after_company_only(items: int, asked: list[float]) -> None:
    seen: list[float] = []

    async def sleep(seconds: float) -> None:
        seen.append(seconds)

    await Linger(SECONDS, sleep).after(items)
    assert seen == asked


async def test_a_linger_of_no_time_asks_for_none() -> None:
    async def sleep(_: float) -> None:
        raise AssertionError

    await Linger(0, sleep).after(2)
