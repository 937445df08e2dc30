"""A pool whose connections are lost, misused, or never given back."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from kit.clock import SystemClock
from kit.db.database import Database
from kit.db.losses import ConnectionLostError
from kit.db.unit_of_work import LastWrite, UnitOfWork

LOST = asyncpg.ConnectionDoesNotExistError("closed in the middle of operation")
MISUSED = asyncpg.InterfaceError("another operation is in progress")


class Driver:
    """A connection whose every statement raises its error, where it has one, after some."""

    def __init__(self, error: Exception | None = None, *, after: int = 0) -> None:
        self._error = error
        self._left = after
        self.has_ended = False

    def is_closed(self) -> bool:
        return self.has_ended

    async def execute(self, text: str, **_: object) -> str:
        return self._answer("COMMIT" if text == "COMMIT" else "DONE")

    async def fetchval(self, _: str) -> str:
        return self._answer("value")

    def _answer(self, answer: str) -> str:
        self._left -= 1
        if self._error is not None and self._left < 0:
            raise self._error
        return answer


class Pool:
    """Lends its connections in order; closes once all are back, as asyncpg's does."""

    def __init__(self, *there: Driver | Exception) -> None:
        self._there = list(there)
        self.lent: list[Driver] = []
        self.has_ended = ""
        self._all_back = asyncio.Event()
        self._all_back.set()

    async def acquire(self, *, timeout: float) -> Driver:  # noqa: ASYNC109 - asyncpg's
        assert timeout > 0
        one = self._there.pop(0)
        if isinstance(one, Exception):
            raise one
        self.lent.append(one)
        self._all_back.clear()
        return one

    async def release(self, driver: Driver) -> None:
        if driver in self.lent:  # what is back already may be given back again
            self.lent.remove(driver)
        if not self.lent:
            self._all_back.set()

    async def close(self) -> None:
        await self._all_back.wait()
        self.has_ended = "closed"

    def terminate(self) -> None:
        self.has_ended = "terminated"


def over(pool: Pool) -> Database:
    return Database(pool, "kit", SystemClock())


async def begin(database: Database) -> None:
    async with database.unit_of_work():
        pass


async def read(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.fetchval("SELECT 1") == "value"


async def test_what_is_read_is_read_on_the_first_connection_that_answers() -> None:
    there = Driver()
    pool = Pool(Driver(LOST), Driver(LOST), Driver(LOST), there)
    await read(over(pool))
    assert pool.lent == [there]


async def test_what_is_read_is_read_while_connections_end_one_after_the_other() -> None:
    await read(over(Pool(Driver(LOST), Driver(LOST, after=1), Driver())))


async def test_a_statement_that_ends_every_connection_is_given_up() -> None:
    pool = Pool(Driver(LOST), *(Driver(LOST, after=1) for _ in range(9)))
    with pytest.raises(ConnectionLostError):
        await read(over(pool))
    assert pool.lent == []


async def test_a_wrong_call_on_another_connection_is_told_and_ends_the_search() -> None:
    pool = Pool(Driver(LOST), Driver(LOST), Driver(MISUSED), Driver())
    with pytest.raises(asyncpg.InterfaceError) as told:
        await read(over(pool))
    assert told.value is MISUSED
    assert pool.lent == []


@pytest.mark.parametrize("work", [begin, read])
async def test_a_wrong_call_is_no_loss_and_is_not_made_again(
    work: Callable[[Database], Awaitable[None]],
) -> None:
    pool = Pool(Driver(MISUSED), Driver())
    with pytest.raises(asyncpg.InterfaceError) as told:
        await work(over(pool))
    assert told.value is MISUSED
    assert pool.lent == []


@pytest.mark.parametrize("work", [begin, read])
@pytest.mark.parametrize("error", [MISUSED, asyncpg.InternalClientError("confused")])
async def test_a_connection_lost_while_it_was_set_up_has_surely_done_nothing(
    work: Callable[[Database], Awaitable[None]], error: Exception
) -> None:
    with pytest.raises(ConnectionLostError) as lost:
        await work(over(Pool(error)))
    assert lost.value.is_undone


async def test_a_pool_closes_once_its_connections_are_back() -> None:
    pool = Pool(Driver())
    database = over(pool)
    async with database.read():
        closing = asyncio.gather(database.close())
        await asyncio.sleep(0)
        assert pool.has_ended == ""
    await closing
    assert pool.has_ended == "closed"


async def test_a_connection_that_never_comes_back_does_not_hold_the_end_up() -> None:
    pool = Pool(Driver())
    database = over(pool)
    async with database.read():
        await database.close(within_seconds=0)
        assert pool.has_ended == "terminated"


async def test_what_was_used_without_trouble_is_at_hand_and_back_before_the_pool_closes() -> None:
    pool = Pool(Driver())
    database = over(pool)
    for work in (read, begin, read):
        await work(database)
    await database.close()
    assert (pool.lent, pool.has_ended) == ([], "closed")


async def test_what_has_ended_at_hand_is_not_used_again() -> None:
    ended, there = Driver(), Driver()
    pool = Pool(ended, there)
    database = over(pool)
    await read(database)
    ended.has_ended = True
    await read(database)
    assert pool.lent == [there]


@pytest.mark.parametrize("is_heard", [True, False])
async def test_one_statement_on_a_connection_that_has_ended_has_surely_done_nothing(
    *, is_heard: bool
) -> None:
    """What is lost after that may have been committed, unless there was a BEGIN."""
    driver = Driver(LOST)
    for is_known in (True, False):
        with pytest.raises(ConnectionLostError) as lost:
            async with over(Pool(driver)).one_statement() as uow:
                driver.has_ended = is_known
                if is_heard:
                    uow.before_commit(flush, "news")
                await uow.fetchval("SELECT 1")
        assert lost.value.is_undone is (is_known or is_heard)


def flush(_: UnitOfWork, news: list[str]) -> LastWrite:
    return LastWrite("INSERT INTO news SELECT unnest($1::text[])", [news])
