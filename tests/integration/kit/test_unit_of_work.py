from collections.abc import AsyncIterator

import pytest

from kit.db.database import Database
from kit.db.unit_of_work import CommitRefusedError, a_unit_of_work_is_open
from kit.messaging.messages import Event
from testkit.databases import Cluster
from testkit.pump import outbox_rows


class Told(Event):
    type = "kit.told.v1"
    text: str


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    async with cluster.database("kit") as database:
        yield database


async def test_messages_leave_only_with_their_commit(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.unit_of_work() as uow:
            uow.emit(Told(text="lost"), subject="1")
            raise ZeroDivisionError
    assert await outbox_rows(database) == []
    async with database.unit_of_work() as uow:
        uow.emit(Told(text="kept"), subject="1", sequence=1)
    rows = await outbox_rows(database)
    assert [(row.exchange, row.routing_key, row.subject) for row in rows] == [
        ("kit.events", "kit.told.v1", "1")
    ]


async def test_callbacks_run_after_commit_and_never_after_rollback(database: Database) -> None:
    calls: list[str] = []
    async with database.unit_of_work() as uow:
        uow.after_commit(lambda: calls.append("committed"))
        assert calls == []
    with pytest.raises(ZeroDivisionError):
        async with database.unit_of_work() as uow:
            uow.after_commit(lambda: calls.append("rolled back"))
            raise ZeroDivisionError
    assert calls == ["committed"]


async def test_a_commit_that_postgresql_turns_into_a_rollback_is_an_error(
    database: Database,
) -> None:
    calls: list[str] = []
    with pytest.raises(CommitRefusedError):
        async with database.unit_of_work() as uow:
            uow.after_commit(lambda: calls.append("committed"))
            with pytest.raises(Exception, match="division by zero"):
                await uow.execute("SELECT 1 / 0")
    assert calls == []
    await database.ping()


async def test_an_open_unit_of_work_is_known_to_its_task(database: Database) -> None:
    assert not a_unit_of_work_is_open()
    async with database.unit_of_work():
        assert a_unit_of_work_is_open()
    assert not a_unit_of_work_is_open()
