"""What a transfer costs in statements, rows and bytes of WAL where a hundred come at once."""

import re
from typing import Final

import asyncpg
from tests.integration.wallet.world import World, transfer

from kit.ids import new_id
from kit.messaging import inbox
from kit.messaging.messages import Envelope
from testkit.databases import Cluster
from wallet.service.commands import post_commands

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

_PLANS: Final = """
SELECT name, custom_plans::int, cardinality(parameter_types) AS parameters
FROM pg_prepared_statements WHERE generic_plans + custom_plans > 10
"""
_CUSTOM: Final = 5  # PostgreSQL tries as many before it may go by one plan


async def test_statements_of_batches_of_any_length_are_planned_once(world: World) -> None:
    people = [await world.person("1000.00") for _ in range(6)]
    async with world.database.unit_of_work() as uow:  # one connection
        for at in range(24):
            pairs = [(people[n], people[n + 1]) for n in range(1 + at % 5)]
            asked: list[Envelope] = [
                Envelope(
                    id=new_id(),
                    source="payments",
                    type=transfer(*pair).type,
                    subject="1",
                    time=uow.clock.now(),
                    message=transfer(*pair),
                )
                for pair in pairs
            ]
            await inbox.look(uow, "wallet.commands", [one.id for one in asked], ["1"])
            await post_commands(uow, asked)
        found = await uow.fetch(_PLANS)
        plans = []
        for row in found:
            nothing = ", ".join(["NULL"] * row["parameters"])
            lines = await uow.fetch(f"EXPLAIN EXECUTE {row['name']} ({nothing})")
            plans.append("\n".join(line for (line,) in lines))
    assert [row["custom_plans"] for row in found] == [_CUSTOM] * 3
    assert [plan for plan in plans if re.search(r"Seq Scan on (command|hold)\b", plan)] == []


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
        assert world.database.statements - statements == 7  # a worker's first batch looks first
        more = [
            await world.count(table) - before for table, before in zip(TABLES, rows, strict=True)
        ]
        assert dict(zip(TABLES, more, strict=True)) == dict.fromkeys(TABLES, BATCH) | {
            "entry": 2 * BATCH,
            "outbox": 2,  # a pack has room for about eighty
            "inbox": 0,  # the row of `command` knows a repeat
        }
        found = await superuser.fetch(_WRITTEN, start, commands[0].command_id)
        wal = {name: size / BATCH for name, size in found}
        assert wal["command"] <= 170  # of a transfer it says but where the answer is
        assert wal["outbox"] <= 150  # many answers have much in common: a pack is compressed
        assert sum(wal.values()) - wal["outbox"] <= 1_300
    finally:
        await superuser.close()
    await world.check_ledger()
