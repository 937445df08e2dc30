"""PostgreSQL ends connections: tried again where nothing was done, else an outage, never a bug."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from kit.db import Batcher, Connection, Database, UnitOfWork
from kit.db.losses import ConnectionLostError
from kit.db.outages import is_outage
from kit.refusals import Unavailable
from kit.tasks import all_of
from kit.web.outages import refusal_of
from testkit.conditions import running
from testkit.databases import Cluster

END_SELF = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    async with cluster.database("kit") as database:
        await cluster.as_superuser(
            "DROP TABLE IF EXISTS kit.done; CREATE TABLE kit.done (n int);"
            " GRANT ALL ON kit.done TO kit"
        )
        yield database


async def fill_pool(database: Database) -> None:
    """Let every connection of the pool be open and idle."""
    all_there = asyncio.Barrier(10)

    async def hold() -> None:
        async with database.read() as connection:
            await connection.fetchval("SELECT 1")
            await all_there.wait()

    await asyncio.gather(*(hold() for _ in range(10)))


async def done(database: Database) -> list[int]:
    async with database.read() as connection:
        return [row["n"] for row in await connection.fetch("SELECT n FROM done ORDER BY n")]


async def test_units_of_work_begin_on_a_connection_that_is_there(
    database: Database, cluster: Cluster
) -> None:
    await fill_pool(database)
    await cluster.end_connections("kit")

    async def add(number: int) -> None:
        async with database.unit_of_work() as uow:
            await uow.execute("INSERT INTO done VALUES ($1)", number)

    await asyncio.gather(*(add(number) for number in range(20)))
    assert await done(database) == list(range(20))


async def test_what_is_read_is_read_from_a_connection_that_is_there(
    database: Database, cluster: Cluster
) -> None:
    await fill_pool(database)
    await cluster.end_connections("kit")

    async def one() -> int:
        async with database.read() as connection:
            first = await connection.fetchval("SELECT 1")
            rows = await connection.fetch("SELECT 1 AS n")
            row = await connection.fetchrow("SELECT 1 AS n")
        assert row is not None
        return int(first + rows[0]["n"] + row["n"])

    assert await asyncio.gather(*(one() for _ in range(20))) == [3] * 20


async def test_a_connection_ended_between_two_questions_is_replaced(
    database: Database, cluster: Cluster
) -> None:
    async with database.read() as connection:
        first = await connection.fetchval("SELECT pg_backend_pid()")
        await cluster.end_connections("kit")
        assert await connection.fetchval("SELECT pg_backend_pid()") != first


async def test_a_snapshot_begins_on_a_connection_that_is_there_and_is_never_of_two_moments(
    database: Database, cluster: Cluster
) -> None:
    await fill_pool(database)
    await cluster.end_connections("kit")
    async with database.snapshot() as snapshot:
        assert await snapshot.fetchval("SELECT 1") == 1
        await cluster.end_connections("kit")
        with pytest.raises(ConnectionLostError):
            await snapshot.fetchval("SELECT 1")
    assert await done(database) == []


@pytest.mark.parametrize("kind", ["unit of work", "snapshot"])
async def test_connections_that_end_at_any_moment_are_told_of_as_lost(
    database: Database, cluster: Cluster, kind: str
) -> None:
    opened = database.snapshot if kind == "snapshot" else database.unit_of_work
    others: list[BaseException] = []

    async def ask() -> None:
        while True:
            try:
                async with opened() as connection:
                    await connection.fetchval("SELECT 1")
                    await connection.fetchval("SELECT 2")
            except ConnectionLostError:
                continue
            except Exception as error:  # noqa: BLE001 - what it is, is the question
                others.append(error)

    async with running(*(ask() for _ in range(10))):
        for _ in range(10):
            await cluster.end_connections("kit")
            await asyncio.sleep(0.01)
    assert others == []


async def test_a_unit_of_work_that_loses_its_connection_is_an_outage_and_left_nothing(
    database: Database,
) -> None:
    async def add_and_end() -> None:
        async with database.unit_of_work() as uow:
            await uow.execute("INSERT INTO done VALUES (1)")
            await uow.execute(END_SELF)

    with pytest.raises(ConnectionLostError) as lost:
        await add_and_end()

    assert lost.value.is_undone
    assert await is_outage(database, lost.value)
    refusal = refusal_of(lost.value)
    assert (type(refusal), refusal.headers) == (Unavailable, {"Retry-After": "1"})
    assert await done(database) == []


async def test_what_gathered_is_done_again_where_it_was_surely_not_done(
    database: Database,
) -> None:
    tries: list[Sequence[int]] = []

    async def verb(uow: UnitOfWork, numbers: Sequence[int]) -> list[int]:
        tries.append(numbers)
        await uow.execute("INSERT INTO done SELECT unnest($1::int[])", numbers)
        if len(tries) == 1:
            await uow.execute(END_SELF)
        return list(numbers)

    batcher: Batcher[UnitOfWork, int, int] = Batcher(database.unit_of_work, verb, name="done")
    assert await asyncio.gather(*map(batcher.submit, range(5))) == list(range(5))
    assert await done(database) == list(range(5))
    assert len(tries) >= 2


async def test_one_statement_that_is_lost_is_not_done_again_as_it_may_have_been_committed(
    database: Database,
) -> None:
    tries: list[Sequence[int]] = []

    async def verb(uow: UnitOfWork, numbers: Sequence[int]) -> list[int]:
        tries.append(numbers)
        await uow.execute(END_SELF)
        return list(numbers)

    batcher: Batcher[UnitOfWork, int, int] = Batcher(database.one_statement, verb, name="lost")
    with pytest.raises(ConnectionLostError) as lost:
        await batcher.submit(1)
    assert not lost.value.is_undone
    assert tries == [[1]]


async def test_what_is_lost_again_and_again_is_an_outage(database: Database) -> None:
    async def verb(connection: Connection, numbers: Sequence[int]) -> list[int]:
        await connection.execute(END_SELF)
        return list(numbers)

    batcher: Batcher[UnitOfWork, int, int] = Batcher(database.unit_of_work, verb, name="lost")
    with pytest.raises(ConnectionLostError):
        await batcher.submit(1)


async def test_under_load_nothing_is_taken_for_a_bug_and_nothing_is_done_twice(
    database: Database, cluster: Cluster
) -> None:
    faults: list[Exception] = []
    acknowledged: list[int] = []
    uncertain: set[int] = set()
    numbers = iter(range(100_000))
    is_over = False
    done_again = asyncio.Semaphore(0)

    async def work() -> None:
        while not is_over:
            number = next(numbers)
            try:
                async with database.unit_of_work() as uow:
                    await uow.execute("INSERT INTO done VALUES ($1)", number)
                    await uow.fetchval("SELECT count(*) FROM done WHERE n = $1", number)
            except Exception as error:  # noqa: BLE001 - they are what is asserted
                faults.append(error)
                if not getattr(error, "is_undone", False):
                    uncertain.add(number)
            else:
                acknowledged.append(number)
                done_again.release()
            try:
                async with database.read() as connection:
                    await connection.fetchval("SELECT 1")
            except Exception as error:  # noqa: BLE001 - here, too
                faults.append(error)

    async def end_them() -> None:
        nonlocal is_over
        for _ in range(15):
            for _ in range(20):
                await done_again.acquire()
            await cluster.end_connections("kit")
        is_over = True

    await all_of([end_them(), *(work() for _ in range(8))])

    assert faults
    assert {type(refusal_of(error)) for error in faults} == {Unavailable}
    stored = await done(database)
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored) <= {*acknowledged, *uncertain}
