"""Whether PostgreSQL is away, or a bug has happened."""

import asyncpg
import pytest

from kit.db.outages import is_outage
from testkit.databases import Cluster


@pytest.mark.parametrize(
    "error",
    [
        OSError("refused"),
        TimeoutError(),
        asyncpg.InterfaceError("odd"),
        asyncpg.InternalClientError("confused"),
    ],
)
async def test_a_doubtful_error_is_an_outage_where_postgresql_does_not_answer(
    cluster: Cluster, error: Exception
) -> None:
    async with cluster.database("kit") as database:
        assert not await is_outage(database, error)
    assert await is_outage(database, error)  # its pool is closed


@pytest.mark.parametrize("error", [ValueError("a bug"), asyncpg.UniqueViolationError("twice")])
async def test_what_is_wrong_with_the_work_is_no_outage_whether_postgresql_answers_or_not(
    cluster: Cluster, error: Exception
) -> None:
    async with cluster.database("kit") as database:
        assert not await is_outage(database, error)
    assert not await is_outage(database, error)


async def test_a_wrong_argument_is_told_as_such_and_the_connection_goes_on(
    cluster: Cluster,
) -> None:
    async with cluster.database("kit") as database, database.read() as connection:
        with pytest.raises(asyncpg.DataError):
            await connection.fetchval("SELECT $1::int", "one")
        assert await connection.fetchval("SELECT $1::int", 1) == 1
