"""All or nothing: state, messages and what follows COMMIT."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from sqlalchemy import Column, MetaData, Table, Text, select

from kit import context
from kit.db.database import Database
from kit.db.unit_of_work import (
    CommitRefusedError,
    FoundError,
    LastWrite,
    UnitOfWork,
    a_unit_of_work_is_open,
)
from kit.ids import new_id
from kit.messaging.outbox import emit
from testkit.databases import Cluster
from testkit.pump import outbox_rows
from testkit.toys import ToyTold, Worked


async def fail(database: Database, text: str, calls: list[str]) -> None:
    async with database.unit_of_work() as uow:
        emit(uow, ToyTold(text=text), subject="1")
        uow.after_commit(lambda: calls.append(text))
        raise ZeroDivisionError


async def spoil(database: Database, calls: list[str]) -> None:
    """Swallow an error of PostgreSQL, after which nothing can be committed."""
    async with database.unit_of_work() as uow:
        uow.after_commit(lambda: calls.append("committed"))
        with suppress(asyncpg.DivisionByZeroError):
            await uow.execute("SELECT 1 / 0")


async def test_messages_leave_only_with_their_commit(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await fail(database, "lost", [])
    assert await outbox_rows(database) == []
    async with database.unit_of_work() as uow:
        emit(uow, ToyTold(text="kept"), subject="1", sequence=1)
    rows = await outbox_rows(database)
    assert [(row.exchange, row.routing_key, row.subjects) for row in rows] == [
        ("kit.events", "kit.told.v1", ["1"])
    ]


async def test_a_snapshot_reads_one_moment_and_writes_nothing(database: Database) -> None:
    async with database.snapshot() as snapshot:
        assert await snapshot.fetchval("SELECT count(*) FROM outbox") == 0
        async with database.unit_of_work() as uow:
            emit(uow, ToyTold(text="later"), subject="1", sequence=1)
        assert not a_unit_of_work_is_open()
        assert await snapshot.fetchval("SELECT count(*) FROM outbox") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await snapshot.execute("DELETE FROM outbox")
    assert len(await outbox_rows(database)) == 1


async def test_callbacks_run_after_commit_and_never_after_rollback(database: Database) -> None:
    calls: list[str] = []
    async with database.unit_of_work() as uow:
        uow.after_commit(lambda: calls.append("committed"))
        assert calls == []
    with pytest.raises(ZeroDivisionError):
        await fail(database, "rolled back", calls)
    assert calls == ["committed"]


async def test_a_callback_runs_in_the_context_it_was_given_in(database: Database) -> None:
    seen: list[str | None] = []
    async with database.unit_of_work() as uow:
        for request in ("one", "two"):
            with context.bind(request_id=request):
                uow.after_commit(lambda: seen.append(context.current().request_id))
    assert seen == ["one", "two"]
    assert context.current().request_id is None


async def test_a_callback_that_fails_does_not_make_the_commit_look_failed(
    database: Database,
) -> None:
    calls: list[str] = []
    async with database.unit_of_work() as uow:
        uow.after_commit(lambda: calls.append(str(1 / len(calls))))
        uow.after_commit(lambda: calls.append("the next one"))
    assert calls == ["the next one"]


async def test_a_commit_that_postgresql_turns_into_a_rollback_is_an_error(
    database: Database,
) -> None:
    calls: list[str] = []
    with pytest.raises(CommitRefusedError):
        await spoil(database, calls)
    assert calls == []
    await database.ping()


async def test_an_open_unit_of_work_is_known_to_its_task(database: Database) -> None:
    assert not a_unit_of_work_is_open()
    async with database.unit_of_work():
        assert a_unit_of_work_is_open()
    assert not a_unit_of_work_is_open()


async def test_a_cancelled_unit_of_work_leaves_its_connection_usable(database: Database) -> None:
    is_sleeping = asyncio.Event()

    async def sleep(uow: UnitOfWork) -> None:
        emit(uow, ToyTold(text="lost"), subject="1")
        await uow.execute("SELECT 1")
        is_sleeping.set()
        await uow.execute("SELECT pg_sleep(30)")

    async def work() -> None:
        async with database.unit_of_work() as uow:
            await sleep(uow)

    working = asyncio.gather(work())
    await is_sleeping.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    for _ in range(12):
        async with database.read() as connection:
            assert not connection.driver.is_in_transaction()
    assert await outbox_rows(database) == []


async def test_statements_are_text_or_core_selects_and_are_counted(database: Database) -> None:
    outbox = Table("outbox", MetaData(), Column("subject", Text), Column("exchange", Text))
    for subject in "abc":
        async with database.unit_of_work() as uow:
            emit(uow, ToyTold(text=subject), subject=subject)
    chosen = select(outbox.c.subject).where(outbox.c.subject.in_(["a", "c"])).order_by("subject")
    before = database.statements
    async with database.unit_of_work() as uow:
        assert [row[0] for row in await uow.fetch(chosen)] == ["a", "c"]
        assert await uow.fetchval("SELECT count(*) FROM outbox WHERE subject > $1", "a") == 2
        assert await uow.fetchrow("SELECT 1 WHERE false") is None
        assert await uow.execute("UPDATE outbox SET exchange = 'x'") == 3
        assert await uow.execute("SET LOCAL search_path = kit") == 0
    assert database.statements - before == 5


async def test_json_goes_in_and_comes_out_as_python_values(database: Database) -> None:
    value = {"list": [1, None, "ы"], "id": new_id()}
    async with database.read() as connection:
        found = await connection.fetchval("SELECT $1::jsonb", value)
    assert found == {"list": [1, None, "ы"], "id": str(value["id"])}


async def test_a_reply_without_an_addressee_is_an_error_of_the_handler(database: Database) -> None:
    async with database.unit_of_work() as uow:
        with pytest.raises(ValueError, match="needs `to`"):
            emit(uow, Worked(in_reply_to=new_id()), subject="1")
        emit(uow, Worked(in_reply_to=new_id()), subject="1", to="payments")
    (row,) = await outbox_rows(database)
    assert (row.exchange, row.routing_key) == ("saldo.replies", "payments")


def forget(_: UnitOfWork, subjects: list[str]) -> LastWrite:
    return LastWrite("DELETE FROM outbox WHERE subject = ANY($1)", [subjects])


def redirect(_: UnitOfWork, subjects: list[str]) -> LastWrite:
    return LastWrite(
        "UPDATE outbox SET exchange = $2 WHERE subject = ANY($1)", [subjects, "elsewhere"]
    )


def spoil_letter(_: UnitOfWork, __: list[None]) -> LastWrite:
    return LastWrite(
        "INSERT INTO letter (consumer, id, key, type, body, state, reason, error)"
        " VALUES ('', $1, '', '', '', 'nowhere', '', '')",
        [new_id()],
    )


async def test_all_that_waits_for_commit_is_one_statement(database: Database) -> None:
    for subject in "abc":
        async with database.unit_of_work() as uow:
            emit(uow, ToyTold(text=subject), subject=subject)
    before = database.statements
    async with database.unit_of_work() as uow:
        uow.before_commit(redirect, "b")
        emit(uow, ToyTold(text="d"), subject="d")
        uow.before_commit(forget, "a")
        uow.before_commit(forget, "c")
    assert database.statements - before == 1
    rows = await outbox_rows(database)
    assert {subject: row.exchange for row in rows for subject in row.subjects} == {
        "b": "elsewhere",
        "d": "kit.events",
    }


async def test_what_must_not_be_there_is_looked_for_by_the_last_statement(
    database: Database,
) -> None:
    async def write(subject: str) -> None:
        async with database.unit_of_work() as uow:
            emit(uow, ToyTold(text=subject), subject=subject)
            uow.refuse_if_found("SELECT FROM outbox WHERE subject = $1 LIMIT 1", subject)

    before = database.statements
    await write("a")
    await write("b")
    assert database.statements - before == 2
    with pytest.raises(FoundError):
        await write("a")
    assert len(await outbox_rows(database)) == 2


async def test_what_is_written_last_and_fails_is_rolled_back_at_once(database: Database) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.unit_of_work() as uow:
            uow.before_commit(spoil_letter, None)
    assert complaints == []  # as the driver would, of a transaction that was left open


async def test_who_looks_at_what_waits_for_commit_has_it_written_before(
    database: Database,
) -> None:
    async with database.unit_of_work() as uow:
        emit(uow, ToyTold(text="a"), subject="a")
        uow.before_commit(redirect, "a")
        await uow.write_now(forget)
        assert await uow.fetchval("SELECT count(*) FROM outbox") == 0
        await uow.write_now(forget, redirect)
        assert await uow.fetchval("SELECT count(*) FROM outbox") == 1
        uow.before_commit(redirect, "a")
    [row] = await outbox_rows(database)
    assert row.exchange == "elsewhere"


async def test_one_statement_is_a_transaction_by_itself(database: Database) -> None:
    calls: list[str] = []
    async with database.one_statement() as uow:
        await uow.execute("DELETE FROM outbox")
        assert not uow.driver.is_in_transaction()
        uow.after_commit(lambda: calls.append("committed"))
        assert a_unit_of_work_is_open()
        assert calls == []
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with database.one_statement() as uow:
            uow.after_commit(lambda: calls.append("failed"))
            await uow.execute("SELECT 1 / 0")
    assert calls == ["committed"]


@pytest.mark.parametrize("text", ["SELECT 1", "SELECT 1 / 0"])
async def test_what_is_emitted_before_one_statement_is_one_with_it(
    database: Database, text: str
) -> None:
    with suppress(asyncpg.DivisionByZeroError):
        async with database.one_statement() as uow:
            emit(uow, ToyTold(text="told"), subject="1")
            await uow.execute(text)
            assert uow.driver.is_in_transaction()
    assert len(await outbox_rows(database)) == (text == "SELECT 1")


async def test_messages_need_no_statement_beside_them(database: Database) -> None:
    async with database.one_statement() as uow:
        emit(uow, ToyTold(text="told"), subject="1")
    assert len(await outbox_rows(database)) == 1


async def test_after_the_one_statement_nothing_more_is_written(database: Database) -> None:
    async def add(uow: UnitOfWork) -> None:
        await uow.execute("SELECT 1")

    async def tell(uow: UnitOfWork) -> None:
        emit(uow, ToyTold(text="late"), subject="1")

    for more in (add, tell):
        with pytest.raises(RuntimeError):
            async with database.one_statement() as uow:
                await add(uow)
                await more(uow)
    assert await outbox_rows(database) == []


async def test_who_waits_for_the_one_connection_there_is_gets_it(cluster: Cluster) -> None:
    async with cluster.database("kit", pool_size=1) as database:

        async def work() -> None:
            for opened in (database.read, database.unit_of_work, database.one_statement):
                async with opened() as connection:
                    await connection.fetchval("SELECT 1")

        await asyncio.gather(*(work() for _ in range(10)))
        await database.ping()


async def test_a_connection_whose_statement_was_given_up_is_not_lent_next(
    database: Database,
) -> None:
    async with database.read() as connection:
        await connection.fetchval("SELECT 1")
    first = connection.driver
    async with database.read() as connection:
        assert connection.driver is first
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.fetchval("SELECT pg_sleep(60)")
    async with database.read() as connection:
        assert connection.driver is not first
        assert await connection.fetchval("SELECT 1") == 1
