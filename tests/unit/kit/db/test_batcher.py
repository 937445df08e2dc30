"""Batches whose callers leave, or whose COMMIT may have arrived or not."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from kit.clock import SystemClock
from kit.db.batcher import Batcher, Batches
from kit.db.database import Database
from kit.db.losses import ConnectionLostError
from kit.db.unit_of_work import Connection
from kit.refusals import NotFound, Refusal


class Writer:
    """Opens what commits with its next error, if any is left, and notes every batch."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.opened = 0
        self.batches: list[list[int]] = []

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[Connection]:
        self.opened += 1
        yield Connection(Database(None, "kit", SystemClock()), None)
        if self.errors:
            raise self.errors.pop(0)

    async def write(self, _: Connection, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        return list(numbers)

    def batcher(self) -> Batcher[Connection, int, int]:
        return Batcher(self.opening, self.write, name="numbers")


async def all_of(batcher: Batcher[Connection, int, int], *numbers: int) -> list[Any]:
    return await asyncio.gather(*map(batcher.submit, numbers), return_exceptions=True)


async def test_where_everybody_has_left_no_connection_is_taken() -> None:
    writer = Writer()
    batcher = writer.batcher()
    async with asyncio.TaskGroup() as tasks:
        leaving = [tasks.create_task(batcher.submit(number)) for number in (1, 2)]
        await asyncio.sleep(0)
        for task in leaving:
            task.cancel()
    assert await batcher.submit(3) == 3
    assert (writer.opened, writer.batches) == (1, [[3]])


async def test_one_who_leaves_between_two_tries_is_not_done_alone() -> None:
    writer = Writer()

    async def write(connection: Connection, numbers: Sequence[int]) -> list[int]:
        await writer.write(connection, numbers)
        if len(numbers) > 1:
            leaving.cancel()
            raise ZeroDivisionError
        return list(numbers)

    batcher: Batcher[Connection, int, int] = Batcher(writer.opening, write, name="numbers")
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(batcher.submit(1))
        staying = tasks.create_task(batcher.submit(2))
    assert staying.result() == 2
    assert writer.batches == [[1, 2], [2]]


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError("no answer"),
        BrokenPipeError("no way"),
        asyncpg.InterfaceError("odd"),
        asyncpg.InternalClientError("confused"),
        asyncpg.AdminShutdownError("terminated"),
        ConnectionLostError(is_undone=False),
    ],
)
async def test_where_commit_may_have_arrived_all_are_told_and_nothing_is_done_again(
    error: Exception,
) -> None:
    writer = Writer(error)
    batcher = writer.batcher()
    assert await all_of(batcher, 1, 2) == [error, error]
    assert writer.batches == [[1, 2]]
    assert await batcher.submit(3) == 3


async def test_what_was_surely_not_done_is_done_once_more_and_no_oftener() -> None:
    lost = [ConnectionLostError(is_undone=True) for _ in range(2)]
    writer = Writer(lost[0])
    assert await all_of(writer.batcher(), 1, 2) == [1, 2]
    assert writer.batches == [[1, 2], [1, 2]]
    writer = Writer(*lost)
    assert await all_of(writer.batcher(), 1, 2) == [lost[1], lost[1]]
    assert writer.batches == [[1, 2], [1, 2]]


async def half(_: Connection, numbers: Sequence[int]) -> list[int | Refusal]:
    return [NotFound() if number % 2 else number // 2 for number in numbers]


async def times(_: Connection, numbers: Sequence[int], *, by: int) -> list[int]:
    return [number * by for number in numbers]


async def test_each_verb_has_its_own_batches_and_is_given_what_it_always_gets() -> None:
    writer = Writer()
    batches = Batches(writer.opening, {half: {}, times: {"by": 10}})
    async with asyncio.TaskGroup() as tasks:
        ones = [tasks.create_task(batches.submit(half, number)) for number in (2, 4)]
        tens = [tasks.create_task(batches.submit(times, number)) for number in (2, 4)]
    assert [task.result() for task in (*ones, *tens)] == [1, 2, 20, 40]
    assert writer.opened == 2
    with pytest.raises(NotFound):
        await batches.submit(half, 3)


async def test_a_verb_may_be_opened_otherwise() -> None:
    most, half_of_them = Writer(), Writer()
    verbs = {half: {}, times: {"by": 10}}
    batches = Batches(most.opening, verbs, {half: half_of_them.opening})
    assert [await batches.submit(half, 2), await batches.submit(times, 2)] == [1, 20]
    assert (most.opened, half_of_them.opened) == (1, 1)


async def test_a_verb_done_in_the_callers_own_unit_of_work_opens_no_other() -> None:
    writer = Writer()
    batches = Batches(writer.opening, {half: {}, times: {"by": 10}})
    own = Connection(Database(None, "kit", SystemClock()), None)
    assert await batches.submit_within(own, times, 7) == 70
    with pytest.raises(NotFound):
        await batches.submit_within(own, half, 3)
    assert writer.opened == 0
