"""Processes of one service tell each other of their commits, and one alone tells nobody."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from kit.db.database import Database
from kit.messaging.outbox import emit
from kit.messaging.replicas import Peers
from testkit.conditions import LIMIT_SECONDS, running, until
from testkit.databases import Cluster
from testkit.toys import ToyTold


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.url("kit")


@pytest.fixture
async def other(database: Database, url: str) -> AsyncIterator[Database]:
    """Return the same database as another process has it."""
    other = await Database.open(url, name=database.name, pool_size=2)
    yield other
    await other.close()


async def commit(database: Database) -> None:
    async with database.unit_of_work() as uow:
        emit(uow, ToyTold(text="news"), subject="news")


async def hears(database: Database, of: Database) -> None:
    """Commit until the other process hears of it: both may still be connecting."""

    async def is_heard() -> bool:
        await commit(of)
        return await database.elsewhere.wait(0.05)

    await until(is_heard)


async def test_each_hears_of_what_the_other_commits(
    database: Database, other: Database, url: str
) -> None:
    async with running(Peers(database, url).run(), Peers(other, url).run()):
        await hears(database, other)
        await hears(other, database)
        for told, hearing in ((database, other), (other, database)) * 3:
            await commit(told)
            assert await hearing.elsewhere.wait(LIMIT_SECONDS)


async def test_they_find_each_other_again_when_postgresql_has_ended_their_connections(
    database: Database, other: Database, url: str, cluster: Cluster
) -> None:
    async with running(Peers(database, url).run(), Peers(other, url).run()):
        await hears(database, other)
        await cluster.end_connections("kit")
        await hears(database, other)
        await hears(other, database)


async def test_one_alone_greets_and_tells_of_no_commit(database: Database, url: str) -> None:
    told: list[int] = []
    heard = await asyncpg.connect(url)
    schema = await heard.fetchval("SELECT current_schema()")
    await heard.add_listener(f"{schema}_commits", lambda _, pid, *__: told.append(pid))
    async with running(Peers(database, url).run()):
        await until(lambda: bool(told))
        for _ in range(5):
            await commit(database)
        await heard.execute("SELECT pg_notify(current_schema() || '_commits', '')")
        await until(lambda: len(told) == 3)
    mine = heard.get_server_pid()
    await heard.close()
    greeted, asked, answered = told
    assert asked == mine != greeted == answered
