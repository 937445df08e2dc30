"""What a transfer costs in statements, rows and bytes of WAL where a hundred come at once."""

from typing import Final

import asyncpg
from tests.integration.wallet.world import World, transfer

from testkit.databases import Cluster

BATCH: Final = 100
TABLES: Final = ("inbox", "transfer", "entry", "command", "outbox")

# What the transaction of one command has written, by table with its indexes and long values. Pages
# that are written whole, as the first change after a checkpoint is, say nothing of the change.
_WRITTEN: Final = r"""
SELECT regexp_replace(c.relname, '_\d{8}$', '') AS name,
    sum(record_length - fpi_length)::float AS bytes
FROM pg_get_wal_records_info($1::text::pg_lsn, pg_current_wal_flush_lsn()) AS record
JOIN pg_database AS d ON d.datname = current_database()
JOIN pg_class AS r ON block_ref ~ format('rel \d+/%s/%s ', d.oid, r.relfilenode)
LEFT JOIN pg_index AS i ON i.indexrelid = r.oid
LEFT JOIN pg_class AS long ON long.reltoastrelid = coalesce(i.indrelid, r.oid)
JOIN pg_class AS c ON c.oid = coalesce(long.oid, i.indrelid, r.oid)
    AND c.relnamespace = 'wallet'::regnamespace
WHERE record.xid = (SELECT xmin FROM wallet.command WHERE command_id = $2)
GROUP BY 1
"""


async def test_a_hundred_transfers_write_each_row_once_and_say_nothing_twice(
    world: World, cluster: Cluster
) -> None:
    people = [await world.person("1000.00") for _ in range(20)]
    await world.empty_outbox()
    commands = [
        transfer(people[at % 20], people[(at * 7 + 1) % 20], is_told_by_asker=True)
        for at in range(BATCH)
    ]
    superuser = await asyncpg.connect(cluster.url())
    try:
        await superuser.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        start = await superuser.fetchval("SELECT pg_current_wal_insert_lsn()::text")
        rows = [await world.count(table) for table in TABLES]
        statements = world.database.statements
        await world.worker.handle([world.pack(*commands)])
        assert world.database.statements - statements == 9
        more = [
            await world.count(table) - before for table, before in zip(TABLES, rows, strict=True)
        ]
        assert dict(zip(TABLES, more, strict=True)) == dict.fromkeys(TABLES, BATCH) | {
            "entry": 2 * BATCH,
            "outbox": 2,  # a pack has room for about eighty
        }
        found = await superuser.fetch(_WRITTEN, start, commands[0].command_id)
        wal = {name: size / BATCH for name, size in found}
        assert wal["command"] <= 170  # of a transfer it says but where the answer is
        assert wal["outbox"] <= 150  # many answers have much in common: a pack is compressed
        assert sum(wal.values()) - wal["outbox"] <= 1_300
    finally:
        await superuser.close()
    await world.check_ledger()
