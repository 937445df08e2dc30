"""Requests that arrive together share a unit of work, and none of them notices."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from kit import context
from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork
from testkit.databases import Cluster


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    async with cluster.database("kit") as database:
        await cluster.as_superuser(
            "DROP TABLE IF EXISTS kit.note; CREATE TABLE kit.note (n int CHECK (n < 100),"
            " CONSTRAINT once UNIQUE (n) DEFERRABLE INITIALLY DEFERRED);"
            " GRANT ALL ON kit.note TO kit"
        )
        yield database


async def _write(uow: UnitOfWork, number: int) -> tuple[int, object]:
    await uow.execute("INSERT INTO note VALUES ($1)", number)
    return number, await uow.fetchval("SELECT pg_current_xact_id()::text")


async def _noted(database: Database) -> list[int]:
    async with database.read() as connection:
        return [row["n"] for row in await connection.fetch("SELECT n FROM note ORDER BY n")]


async def test_those_that_wait_share_one_transaction_and_each_gets_its_own_result(
    database: Database,
) -> None:
    results = await asyncio.gather(
        *(database.shared(lambda uow, n=n: _write(uow, n)) for n in range(20))  # type: ignore[misc]
    )
    assert [number for number, _ in results] == list(range(20))
    assert len({transaction for _, transaction in results}) < 20
    assert await _noted(database) == list(range(20))


async def test_a_turn_that_fails_takes_nobody_down_and_leaves_nothing(database: Database) -> None:
    async def refuse(uow: UnitOfWork) -> None:
        await uow.execute("INSERT INTO note VALUES (50)")
        raise LookupError("no")

    good = [database.shared(lambda uow, n=n: _write(uow, n)) for n in range(5)]  # type: ignore[misc]
    results = await asyncio.gather(*good, database.shared(refuse), return_exceptions=True)
    assert isinstance(results[-1], LookupError)
    assert not any(isinstance(result, BaseException) for result in results[:-1])
    assert await _noted(database) == list(range(5))


async def test_a_statement_or_a_commit_that_postgresql_refuses_fails_its_own_turn_alone(
    database: Database,
) -> None:
    numbers = [1, 2, 200, 3, 3, 4]
    results = await asyncio.gather(
        *(database.shared(lambda uow, n=n: _write(uow, n)) for n in numbers),  # type: ignore[misc]
        return_exceptions=True,
    )
    failed = [
        n for n, result in zip(numbers, results, strict=True) if isinstance(result, Exception)
    ]
    assert failed == [200, 3]
    assert await _noted(database) == [1, 2, 3, 4]


async def test_each_turn_runs_in_the_context_it_came_with(database: Database) -> None:
    async def name(_: UnitOfWork) -> str | None:
        await asyncio.sleep(0)
        return context.current().request_id

    async def request(number: int) -> str | None:
        with context.bind(request_id=str(number)):
            return await database.shared(name)

    found = await asyncio.gather(*(request(number) for number in range(10)))
    assert found == [str(number) for number in range(10)]


async def test_one_who_leaves_does_not_stop_the_others(database: Database) -> None:
    leaving = asyncio.ensure_future(database.shared(lambda uow: _write(uow, 1)))  # noqa: TID251
    staying = database.shared(lambda uow: _write(uow, 2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying)[0] == 2
    assert 2 in await _noted(database)


async def test_when_the_connection_is_lost_nothing_is_done_twice(database: Database) -> None:
    tries: list[str] = []

    async def cut(uow: UnitOfWork) -> None:
        tries.append("cut")
        await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    async def other(_: UnitOfWork) -> None:
        tries.append("other")

    ended = await asyncio.gather(
        database.shared(cut), database.shared(other), return_exceptions=True
    )
    assert all(isinstance(one, Exception) for one in ended[:1])
    assert tries.count("cut") == 1
