"""Shows what a test finds that asks for a service's tables: no row, and numbers from the start."""

import asyncio

import asyncpg

from testkit.databases import Cluster

SCHEMA = "kit"
ROWS = """
INSERT INTO kit.outbox (event_id, exchange, routing_key, subject, body)
SELECT gen_random_uuid(), '', '', '', decode(repeat('78', 100), 'hex')
FROM generate_series(1, $1)
"""
NEXT = "SELECT nextval(pg_get_serial_sequence('kit.outbox', 'number'))"


async def _left(connection: asyncpg.Connection) -> tuple[int, int]:
    rows = await connection.fetchval("SELECT count(*) FROM kit.outbox")
    return rows, await connection.fetchval(NEXT)


async def test_few_rows_and_many_are_gone_and_numbers_begin_again(cluster: Cluster) -> None:
    await cluster.prepare(SCHEMA)
    connection = await asyncpg.connect(cluster.url())
    try:
        for count in (1, 20_000):
            await connection.execute(ROWS, count)
            await cluster.prepare(SCHEMA)
            assert await _left(connection) == (0, 1)
    finally:
        await connection.close()


async def test_rows_that_a_trigger_keeps_are_gone_too(cluster: Cluster) -> None:
    await cluster.prepare("auth")
    connection = await asyncpg.connect(cluster.url())
    try:
        await connection.execute(
            "INSERT INTO auth.audit_seal (position, hash) VALUES (1, sha256('a'))"
        )
        await cluster.prepare("auth")
        assert await connection.fetchval("SELECT count(*) FROM auth.audit_seal") == 0
    finally:
        await connection.close()


async def test_what_is_being_written_is_waited_for(cluster: Cluster) -> None:
    await cluster.prepare(SCHEMA)
    connection = await asyncpg.connect(cluster.url())
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(ROWS, 1)
        async with asyncio.TaskGroup() as tasks:
            emptied = tasks.create_task(cluster.prepare(SCHEMA))
            await asyncio.wait([emptied], timeout=0.2)
            await transaction.commit()
        assert await _left(connection) == (0, 1)
    finally:
        await connection.close()
