"""What a settled payment costs in statements and rows where 32 are under way at once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from tests.integration.payments.room import Room

from kit.db.query import joined
from kit.ids import new_id
from kit.messaging import outbox
from kit.saga import store
from payments.repository import Listeners, known
from payments.repository import payments as sql
from payments.repository.listeners import ALL_ARE_KNOWN
from testkit.databases import Cluster

AT_ONCE: Final = 32

_WRITTEN: Final = """
SELECT CASE WHEN relname LIKE 'inbox%' THEN 'inbox' ELSE relname END AS name,
    sum(n_tup_ins)::int AS inserted, sum(n_tup_upd)::int AS updated, sum(n_tup_hot_upd)::int AS hot
FROM pg_stat_user_tables WHERE schemaname = 'payments' GROUP BY 1
"""

# Of this database alone, and without images of pages, which come with every checkpoint.
_LOGGED: Final = """
SELECT sum(record_length - fpi_length)::int AS bytes, count(DISTINCT xid::text)::int AS commits
FROM pg_get_wal_records_info($1::text::pg_lsn, pg_current_wal_flush_lsn())
JOIN pg_database ON datname = current_database() AND block_ref LIKE format('%%/%s/%%', oid)
WHERE xid <> '0'::xid
"""

_INDEXED: Final = """
SELECT attname, count(*) FROM pg_index JOIN pg_attribute ON attrelid = indrelid
WHERE indrelid = 'payment'::regclass AND attnum = indkey[0] AND attname IN ('payer_id', 'payee_id')
GROUP BY attname ORDER BY attname
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What has been written so far: statements, and by table rows inserted, updated, and HOT."""

    statements: int
    rows: Mapping[str, tuple[int, int, int]]

    @classmethod
    async def so_far(cls, room: Room, cluster: Cluster) -> "Written":
        await cluster.end_connections("payments")  # as they end they hand on what they have done
        statements = room.database.statements
        async with room.database.read() as connection:
            found = await connection.fetch(_WRITTEN)
        room.database.statements = statements
        return cls(statements, {row["name"]: (row[1], row[2], row[3]) for row in found})

    def since(self, before: "Written") -> Mapping[str, tuple[int, int, int]]:
        """Return the rows of those tables where something was inserted or updated."""
        none = (0, 0, 0)
        more = {
            table: (rows[0] - old[0], rows[1] - old[1], rows[2] - old[2])
            for table, rows in self.rows.items()
            for old in [before.rows.get(table, none)]
        }
        return {table: rows for table, rows in more.items() if rows != none}


async def test_each_step_writes_each_row_once_and_a_claim_changes_no_index(
    room: Room, cluster: Cluster, alice: UUID, bob: UUID
) -> None:
    async with room.database.unit_of_work() as uow:
        await Listeners(uow).add([], are_all=True)
    begun = await Written.so_far(room, cluster)
    made = await asyncio.gather(*(room.create(alice, bob) for _ in range(AT_ONCE)))
    created = await Written.so_far(room, cluster)
    await asyncio.gather(*(room.pay(alice, one) for one in made))
    claimed = await Written.so_far(room, cluster)
    await room.settle()
    settled = await Written.so_far(room, cluster)

    once = (AT_ONCE, 0, 0)
    assert created.since(begun) == {"payment": once}
    of_claim = dict(claimed.since(created))
    inserted, updated, hot = of_claim.pop("payment")
    assert (inserted, updated) == (0, AT_ONCE)
    assert hot >= AT_ONCE * 3 // 4  # all but those whose page was full
    sent, *_ = of_claim.pop("outbox")
    assert sent <= 2  # one for all commands of a batch
    assert of_claim == {"saga": once}
    of_end = settled.since(claimed)
    assert {table: rows[:2] for table, rows in of_end.items()} == {
        "payment": (0, AT_ONCE),
        "saga": (0, AT_ONCE),
        "outbox": (1, 0),
    }
    # A batch may begin with fewer than all, and then there are two.
    assert created.statements - begun.statements <= 2 * 2
    assert claimed.statements - created.statements <= 2 * 2
    assert settled.statements - claimed.statements <= 12  # eight the carrier's, one for letters


async def test_what_32_payments_log_and_commit_is_little_for_each(
    room: Room, cluster: Cluster, alice: UUID, bob: UUID
) -> None:
    superuser = await asyncpg.connect(cluster.url())
    try:
        await superuser.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        start = await superuser.fetchval("SELECT pg_current_wal_insert_lsn()::text")
        made = await asyncio.gather(*(room.create(alice, bob) for _ in range(AT_ONCE)))
        await asyncio.gather(*(room.pay(alice, one) for one in made))
        await room.settle()
        logged = await superuser.fetchrow(_LOGGED, start)
    finally:
        await superuser.close()
    assert logged["commits"] <= 10  # a batch may begin with fewer than all, and then there are two
    assert logged["bytes"] / AT_ONCE <= 3_900


@pytest.mark.parametrize("is_analyzed", [True, False])
async def test_a_claim_looks_for_payments_by_their_key_alone(
    room: Room, cluster: Cluster, alice: UUID, bob: UUID, *, is_analyzed: bool
) -> None:
    """To a young table's statistics an index of the payer's payments looks as good."""
    for _ in range(4):
        if is_analyzed:
            await cluster.as_superuser("ANALYZE payments.payment")
        made = await asyncio.gather(*(room.create(alice, bob) for _ in range(AT_ONCE)))
        asked = [made[:3], [alice] * 3, room.clock.now(), ["wallet"] * 3]
        async with room.database.read() as connection:
            plan = await connection.fetch(f"EXPLAIN {sql._CLAIM}", *asked)
        assert not [line for (line,) in plan if "ix_payment_" in line]


async def test_each_side_of_a_payment_is_in_one_index(room: Room) -> None:
    """Another one is an entry more for each payment that is made, and for each that ends."""
    async with room.database.read() as connection:
        sides = await connection.fetch(_INDEXED)
    assert [tuple(row) for row in sides] == [("payee_id", 1), ("payer_id", 1)]


_COUNTED: Final = """
SELECT array_agg(attname::text) FROM pg_stats WHERE schemaname = 'payments' AND tablename = 'saga'
"""


async def test_no_statistics_are_kept_of_what_sagas_know_and_log(
    room: Room, cluster: Cluster, alice: UUID, bob: UUID
) -> None:
    """Nothing is looked for by them, and each ANALYZE would sort them."""
    await room.pay(alice, await room.create(alice, bob))
    await cluster.as_superuser("ANALYZE payments.saga")
    async with room.database.read() as connection:
        counted = set(await connection.fetchval(_COUNTED))
    assert {"name", "phase", "next_at"} <= counted
    assert not counted & {"data", "to_undo", "log"}


_PLANNED: Final = """
SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement = $1
"""


_NOW: Final = datetime(2026, 1, 31, tzinfo=UTC)
_SAGA: Final = ("payment", 1, "running", "settle", 1, {}, "", None, _NOW, _NOW, ())
_BEGUN: Final = [[value] for value in _SAGA]
_SENT: Final = [[], [], [], [], [], []]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (known._PARTIES, [[None], [None], [None], [None], 10, ALL_ARE_KNOWN]),
        (sql._CLAIM, [[new_id()], _NOW, ["wallet"]]),
        (sql._FINISH, [["paid"], [None], [None], None, [None], [None], [None]]),
        (store.locking(sql.LOCK_MANY), ["payment"]),
        (joined((store._SAVE, outbox._INSERT)), [["completed"], *[[None]] * 11, *_SENT]),
        (joined((store._INSERT, outbox._INSERT)), _BEGUN + _SENT),
    ],
    ids=["parties", "claim", "finish", "lock", "save saga", "begin saga"],
)
async def test_what_few_payments_need_is_planned_once(
    room: Room, text: str, more: list[Any]
) -> None:
    """The first five times a plan is made for the values; then a common one must do."""
    async with room.database.read() as connection:
        for _ in range(10):
            await connection.fetch(text, [new_id()], *more)
        planned = await connection.fetchrow(_PLANNED, text)
    assert planned is not None
    assert tuple(planned) == (5, 5)
