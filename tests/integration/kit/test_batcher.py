"""What arrives together is done together, and no item notices the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from kit import context
from kit.db import Batcher, Connection, Database, UnitOfWork
from kit.refusals import NotFound, Refusal, Unavailable
from testkit.databases import Cluster

REFUSED, TOO_LARGE = 50, 200
Outcome = tuple[int, str]  # the number, and the transaction it was written in


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    async with cluster.database("kit") as database:
        await cluster.as_superuser(
            "DROP TABLE IF EXISTS kit.note; CREATE TABLE kit.note (n int CHECK (n < 100),"
            " CONSTRAINT once UNIQUE (n) DEFERRABLE INITIALLY DEFERRED);"
            " GRANT ALL ON kit.note TO kit"
        )
        yield database


async def note(uow: UnitOfWork, numbers: Sequence[int]) -> list[Outcome | Refusal]:
    good = [number for number in numbers if number != REFUSED]
    await uow.execute("INSERT INTO note SELECT unnest($1::int[])", good)
    transaction = await uow.fetchval("SELECT pg_current_xact_id()::text")
    return [NotFound() if number == REFUSED else (number, transaction) for number in numbers]


@pytest.fixture
def notes(database: Database) -> Batcher[UnitOfWork, int, Outcome]:
    return Batcher(database.unit_of_work, note, name="notes")


async def all_of(
    notes: Batcher[UnitOfWork, int, Outcome], *numbers: int
) -> list[Outcome | BaseException]:
    return await asyncio.gather(*map(notes.submit, numbers), return_exceptions=True)


async def noted(database: Database) -> list[int]:
    async with database.read() as connection:
        return [row["n"] for row in await connection.fetch("SELECT n FROM note ORDER BY n")]


def failed(outcomes: Sequence[Outcome | BaseException]) -> list[type[BaseException]]:
    return [type(one) for one in outcomes if isinstance(one, BaseException)]


async def test_what_waits_shares_one_transaction_and_each_gets_its_own_result(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    before = database.statements
    outcomes = await all_of(notes, *range(20))
    assert [one[0] for one in outcomes if isinstance(one, tuple)] == list(range(20))
    assert len({one[1] for one in outcomes if isinstance(one, tuple)}) == 1
    assert database.statements - before == 2
    assert await noted(database) == list(range(20))


async def test_a_lone_item_is_done_at_once_and_so_is_the_next(
    notes: Batcher[UnitOfWork, int, Outcome],
) -> None:
    first, second = await notes.submit(1), await notes.submit(2)
    assert first[1] != second[1]


async def test_what_arrives_during_a_batch_makes_up_the_next(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(notes.submit(0))
        async with database.unit_of_work() as uow:
            await uow.fetchval("SELECT 1")
            later = [tasks.create_task(notes.submit(number)) for number in range(1, 10)]
    assert len({task.result()[1] for task in later} - {first.result()[1]}) == 1


async def test_a_refusal_is_raised_to_its_own_request_alone(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    assert failed(await all_of(notes, 1, REFUSED, 2)) == [NotFound]
    assert await noted(database) == [1, 2]


async def test_a_statement_or_a_commit_that_postgresql_refuses_fails_its_own_item_alone(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    outcomes = await all_of(notes, 1, 2, TOO_LARGE, 3, 3, 4)
    assert failed(outcomes) == [asyncpg.CheckViolationError, asyncpg.UniqueViolationError]
    assert await noted(database) == [1, 2, 3, 4]


async def test_more_than_fit_are_done_all_the_same(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    numbers = [number for number in range(100) if number != REFUSED]
    assert failed(await all_of(notes, *numbers)) == []
    assert await noted(database) == numbers


async def test_one_who_leaves_does_not_stop_the_others_and_is_not_done(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(notes.submit(1))
        staying = tasks.create_task(notes.submit(2))
        await asyncio.sleep(0)
        leaving.cancel()
    assert staying.result()[0] == 2
    assert await noted(database) == [2]


async def test_one_who_leaves_late_does_not_stop_the_others(
    database: Database,
) -> None:
    async def leave(uow: UnitOfWork, numbers: Sequence[int]) -> list[Outcome | Refusal]:
        leaving.cancel()
        return await note(uow, numbers)

    notes = Batcher(database.unit_of_work, leave, name="notes")
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(notes.submit(1))
        staying = tasks.create_task(notes.submit(2))
    assert leaving.cancelled()
    assert staying.result()[0] == 2
    assert await noted(database) == [1, 2]
    assert (await notes.submit(3))[0] == 3


async def test_when_the_connection_is_lost_before_commit_all_are_done_again(
    database: Database,
) -> None:
    tries: list[Sequence[int]] = []

    async def cut(uow: UnitOfWork, numbers: Sequence[int]) -> list[Outcome | Refusal]:
        tries.append(numbers)
        if len(tries) == 1:
            await uow.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return await note(uow, numbers)

    notes = Batcher(database.unit_of_work, cut, name="notes")
    assert failed(await all_of(notes, 1, 2)) == []
    assert tries == [[1, 2], [1, 2]]
    assert await noted(database) == [1, 2]


async def test_when_the_connection_is_lost_in_commit_nothing_is_done_twice_and_the_next_go_on(
    database: Database, cluster: Cluster
) -> None:
    """COMMIT was sent: here it ends the connection itself, by a trigger that waits for it."""
    await cluster.as_superuser(
        "CREATE OR REPLACE FUNCTION kit.cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON kit.note DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.n = 2) EXECUTE FUNCTION kit.cut()"
    )
    tries: list[Sequence[int]] = []

    async def counted(uow: UnitOfWork, numbers: Sequence[int]) -> list[Outcome | Refusal]:
        tries.append(numbers)
        return await note(uow, numbers)

    notes = Batcher(database.unit_of_work, counted, name="notes")
    assert len(failed(await all_of(notes, 1, 2))) == 2
    assert tries == [[1, 2]]
    assert (await notes.submit(3))[0] == 3
    assert await noted(database) == [3]


async def test_where_the_writing_is_cancelled_nobody_waits_for_ever(database: Database) -> None:
    async def end(uow: UnitOfWork, numbers: Sequence[int]) -> list[Outcome | Refusal]:
        if 1 in numbers:
            later.append(asyncio.ensure_future(notes.submit(2)))  # noqa: TID251
            await asyncio.sleep(0)
            raise asyncio.CancelledError
        return await note(uow, numbers)

    later: list[asyncio.Future[Outcome]] = []
    notes = Batcher(database.unit_of_work, end, name="notes")
    assert failed(await all_of(notes, 1)) == [Unavailable]
    assert failed(await asyncio.gather(*later, return_exceptions=True)) == [Unavailable]
    assert (await notes.submit(3))[0] == 3
    assert await noted(database) == [3]


async def test_an_item_can_be_done_by_itself_in_a_unit_of_work_of_the_callers(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    async with database.unit_of_work() as uow:
        assert (await notes.submit_within(uow, 1))[0] == 1
        with pytest.raises(NotFound):
            await notes.submit_within(uow, REFUSED)
    assert await noted(database) == [1]


async def test_the_batch_belongs_to_no_request(database: Database) -> None:
    async def name(_: UnitOfWork, items: Sequence[int]) -> list[str | Refusal | None]:
        return [context.current().request_id for _ in items]

    names: Batcher[UnitOfWork, int, str | None] = Batcher(database.unit_of_work, name, name="names")
    with context.bind(request_id="of the first"):
        assert await names.submit(1) is None


async def test_what_only_reads_shares_a_connection_outside_any_transaction(
    database: Database, notes: Batcher[UnitOfWork, int, Outcome]
) -> None:
    async def seen(connection: Connection, items: Sequence[int]) -> list[bool]:
        rows = await connection.fetch("SELECT n FROM note WHERE n = ANY($1)", items)
        return [number in {row["n"] for row in rows} for number in items]

    await notes.submit(1)
    looks: Batcher[Connection, int, bool] = Batcher(database.read, seen, name="looks")
    before = database.statements
    assert await asyncio.gather(*map(looks.submit, (0, 1, 2))) == [False, True, False]
    assert database.statements - before == 1


async def test_a_batch_of_one_statement_fails_its_bad_items_alone(database: Database) -> None:
    async def add(uow: UnitOfWork, numbers: Sequence[int]) -> list[int]:
        await uow.execute("INSERT INTO note SELECT unnest($1::int[])", numbers)
        return list(numbers)

    notes: Batcher[UnitOfWork, int, int] = Batcher(database.one_statement, add, name="notes")
    outcomes = await asyncio.gather(*map(notes.submit, (1, TOO_LARGE, 2)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [int, asyncpg.CheckViolationError, int]
    assert await noted(database) == [1, 2]
