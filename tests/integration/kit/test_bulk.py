"""Rows go in whole and in their order, by arrays or by COPY."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from kit.db.bulk import COPIED_FROM, BulkInsert, columns_of
from kit.db.database import Database
from kit.db.query import joined
from kit.ids import new_id
from testkit.databases import Cluster

THINGS = BulkInsert("thing", id="uuid", name="text", what="jsonb")
NEW_THINGS = BulkInsert(
    "thing", "ON CONFLICT (id) DO UPDATE SET name = excluded.name", id="uuid", name="text"
)


@pytest.fixture
async def things(cluster: Cluster, database: Database) -> AsyncIterator[Database]:
    await cluster.as_superuser(
        "DROP TABLE IF EXISTS kit.thing;"
        " CREATE TABLE kit.thing (seq bigserial, id uuid UNIQUE, name text, what jsonb);"
        " GRANT ALL ON kit.thing, kit.thing_seq_seq TO kit"
    )
    yield database
    await cluster.as_superuser("DROP TABLE kit.thing")


@pytest.mark.parametrize("count", [0, 1, COPIED_FROM - 1, COPIED_FROM, COPIED_FROM * 3])
async def test_few_rows_and_many_go_in_alike(things: Database, count: int) -> None:
    rows = [(new_id(), None if n % 2 else f"no. {n}", {"n": n}) for n in range(count)]
    before = things.statements
    async with things.unit_of_work() as uow:
        await THINGS.insert(uow, rows)
    assert things.statements - before == min(count, 1)
    async with things.read() as connection:
        found = await connection.fetch("SELECT id, name, what FROM thing ORDER BY seq")
    assert [tuple(row) for row in found] == rows


async def test_rows_that_were_copied_go_with_the_rest_of_the_unit_of_work(
    things: Database,
) -> None:
    rows = [(new_id(), "x", None) for _ in range(COPIED_FROM)]
    with pytest.raises(ZeroDivisionError):
        async with things.unit_of_work() as uow:
            await THINGS.insert(uow, rows)
            raise ZeroDivisionError
    async with things.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM thing") == 0


@pytest.mark.parametrize("count", [1, COPIED_FROM])
async def test_objects_go_in_by_the_names_of_their_attributes(things: Database, count: int) -> None:
    objects = [
        SimpleNamespace(what=({"n": n},), name=f"no. {n}", id=new_id(), more="not kept")
        for n in range(count)
    ]
    async with things.unit_of_work() as uow:
        await THINGS.insert_objects(uow, iter(objects))
    async with things.read() as connection:
        found = await connection.fetch("SELECT id, name, what FROM thing ORDER BY seq")
    assert [tuple(row) for row in found] == [(one.id, one.name, list(one.what)) for one in objects]


@pytest.mark.parametrize("count", [1, COPIED_FROM])
async def test_what_is_there_already_is_met_as_the_clause_says(
    things: Database, count: int
) -> None:
    ids = [new_id() for _ in range(count)]
    before = things.statements
    for name in ("old", "new"):
        async with things.unit_of_work() as uow:
            await NEW_THINGS.insert(uow, [(one, name) for one in ids])
    assert things.statements - before == 2
    async with things.read() as connection:
        found = await connection.fetch("SELECT id, name FROM thing ORDER BY seq")
    assert [tuple(row) for row in found] == [(one, "new") for one in ids]


@pytest.mark.parametrize("count", [0, 1, COPIED_FROM])
async def test_what_is_inserted_last_is_one_statement(things: Database, count: int) -> None:
    ids = [new_id() for _ in range(count)]
    before = things.statements
    async with things.unit_of_work() as uow:
        THINGS.insert_last(uow, [(one, "first", None) for one in ids])
        NEW_THINGS.insert_last(uow, [(one, "second") for one in (new_id(), new_id())])
        THINGS.insert_last(uow, [(new_id(), "third", {"n": 1})])
        assert things.statements == before
    assert things.statements - before == 1
    async with things.read() as connection:
        found = await connection.fetch("SELECT name, what FROM thing ORDER BY name, seq")
    expected = [("first", None)] * count + [("second", None)] * 2 + [("third", {"n": 1})]
    assert [tuple(row) for row in found] == expected


def test_statements_are_joined_with_the_parameters_of_each_after_those_before() -> None:
    one, two = "DELETE FROM a WHERE n = $2 OR m = $10 OR n = $1", "DELETE FROM b WHERE n = $1"
    assert joined((one,)) == one
    assert joined((one, two, two)) == (
        f"WITH written_0 AS ({one}), written_1 AS (DELETE FROM b WHERE n = $11)"
        " DELETE FROM b WHERE n = $12"
    )


async def test_a_column_of_nothing_but_null_is_not_sent_value_by_value(things: Database) -> None:
    rows = [(new_id(), None, None), (new_id(), None, {"n": 1})]
    assert columns_of(rows, 3) == [(rows[0][0], rows[1][0]), (), (None, {"n": 1})]
    assert columns_of([], 3) == [(), (), ()]
    async with things.unit_of_work() as uow:
        await THINGS.insert(uow, rows)
    async with things.read() as connection:
        found = await connection.fetch("SELECT id, name, what FROM thing ORDER BY seq")
    assert [tuple(row) for row in found] == rows
