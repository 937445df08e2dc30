"""What gathers batches waits after one of several, and nobody who comes alone waits."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from kit.db.batcher import MOST, Batcher
from kit.linger import Linger
from kit.messaging.broker import Publication, PublishOutcome
from kit.messaging.drain import Drain
from kit.messaging.outbox import OutboxPage
from kit.messaging.packing import Row
from kit.messaging.undeliverable import Undeliverable
from kit.refusals import Refusal
from testkit.conditions import until
from testkit.toys import row

SECONDS = 7.0


class Sleeps:
    """A sleep that lasts until the test ends it."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._end = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._end.wait()
        self._end.clear()

    def end(self) -> None:
        self._end.set()


class Numbers:
    """A batcher that writes nothing, and the batches that it has done."""

    def __init__(self, sleeps: Sleeps) -> None:
        self.batches: list[list[int]] = []
        self.batcher: Batcher[Any, int, int] = Batcher(
            self._open, self._do, name="numbers", linger=Linger(SECONDS, sleeps, least=SECONDS)
        )

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Any]:
        yield None

    async def _do(self, _: Any, items: Sequence[int]) -> Sequence[int | Refusal]:
        self.batches.append(list(items))
        return items

    async def submit(self, *items: int) -> list[int]:
        return list(await asyncio.gather(*map(self.batcher.submit, items)))


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
def numbers(sleeps: Sleeps) -> Numbers:
    return Numbers(sleeps)


@pytest.mark.parametrize(("items", "asked"), [(0, []), (1, []), (2, [SECONDS]), (64, [SECONDS])])
async def test_only_company_is_waited_for(sleeps: Sleeps, items: int, asked: list[float]) -> None:
    sleeps.end()
    await Linger(SECONDS, sleeps).after(items)
    assert sleeps.asked == asked


@pytest.mark.parametrize(("took", "asked"), [(0.1, 1.0), (3.0, 3.0), (60.0, SECONDS)])
async def test_the_wait_is_as_long_as_the_batch_took_within_bounds(
    sleeps: Sleeps, took: float, asked: float
) -> None:
    sleeps.end()
    await Linger(SECONDS, sleeps, least=1.0).after(2, took)
    assert sleeps.asked == [asked]


async def test_a_linger_of_no_time_asks_for_none(sleeps: Sleeps) -> None:
    await Linger(0, sleeps).after(2, 3.0)
    assert sleeps.asked == []


async def test_requests_that_come_alone_are_done_at_once(numbers: Numbers, sleeps: Sleeps) -> None:
    assert [await numbers.submit(number) for number in (1, 2, 3)] == [[1], [2], [3]]
    assert sleeps.asked == []


async def test_after_requests_that_came_together_the_next_gather(
    numbers: Numbers, sleeps: Sleeps
) -> None:
    assert await numbers.submit(1, 2) == [1, 2]  # who came is answered before the wait
    async with asyncio.TaskGroup() as tasks:
        for number in (3, 4, 5):
            tasks.create_task(numbers.submit(number))
            await until(lambda: sleeps.asked == [SECONDS])
        assert numbers.batches == [[1, 2]]
        sleeps.end()
    assert numbers.batches == [[1, 2], [3, 4, 5]]
    sleeps.end()


async def test_once_nobody_came_the_next_request_is_done_at_once(
    numbers: Numbers, sleeps: Sleeps
) -> None:
    await numbers.submit(1, 2)
    await until(lambda: sleeps.asked == [SECONDS])
    sleeps.end()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await numbers.submit(3) == [3]
    assert sleeps.asked == [SECONDS]


async def test_a_full_batch_is_not_waited_for(numbers: Numbers, sleeps: Sleeps) -> None:
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(numbers.submit(number)) for number in range(2 * MOST)]
        await until(lambda: all(task.done() for task in asked))
        sleeps.end()
    assert [len(batch) for batch in numbers.batches] == [MOST, MOST]


class Rows:
    """An outbox with a page for each reading."""

    def __init__(self, *pages: list[Row]) -> None:
        self.readings = 0
        self._pages = list(pages)

    async def read_on(self, **_: object) -> OutboxPage:
        self.readings += 1
        return OutboxPage(self._pages.pop(0) if self._pages else [], 1, 1)


class Confirming:
    async def publish(self, publications: Sequence[Publication]) -> list[PublishOutcome]:
        return [PublishOutcome.CONFIRMED for _ in publications]


def draining(rows: Rows, sleeps: Sleeps) -> Drain:
    drain = Drain(
        rows, Undeliverable(), service="kit", linger=Linger(SECONDS, sleeps, least=SECONDS)
    )
    drain.start(cast("Any", Confirming()))
    return drain


async def test_a_relay_reads_on_at_once_after_a_lone_row(sleeps: Sleeps) -> None:
    rows = Rows([row(1)], [row(2)])
    drain = draining(rows, sleeps)
    while await drain.step():
        pass
    assert sleeps.asked == []


@pytest.mark.parametrize("several", [[row(1), row(2)], [row(1)._replace(subjects=["1", "2"])]])
async def test_after_several_messages_a_relay_lets_the_next_gather(
    several: list[Row], sleeps: Sleeps
) -> None:
    rows = Rows(several)
    drain = draining(rows, sleeps)
    await drain.step()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(drain.step())
        await until(lambda: sleeps.asked == [SECONDS])
        assert rows.readings == 1
        sleeps.end()
    assert rows.readings == 2
