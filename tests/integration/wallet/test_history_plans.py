"""Pages of a history read no more than they show, whatever statistics know of the account."""

from typing import Any
from uuid import UUID

import pytest
from tests.integration.wallet.world import World

from kit.ids import new_id
from testkit.databases import Cluster
from testkit.plans import EXPLAIN, rows_read
from wallet.repository import history as sql

MANY = 20_000
# Others' entries, a hundred on each account, and then one's, of which statistics know nothing.
STORE = """
SET session_replication_role = replica;
INSERT INTO wallet.transfer (id, kind, reference, currency, posted_at, payer_account_id,
    payee_account_id)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'payment', n::text, 'RUB', now(), '{one}', '{one}'
FROM generate_series(1, {many}) AS n;
INSERT INTO wallet.entry (account_id, seq, transfer_id, amount_minor, balance_after_minor, hash,
    posted_at)
SELECT md5((n / 100)::text)::uuid, n % 100 + 1, lpad(to_hex(n), 32, '0')::uuid, 1, 1, '{hash}',
    now()
FROM generate_series(1, {many}) AS n;
ANALYZE wallet.entry, wallet.transfer;
INSERT INTO wallet.account (id, owner_id, currency, kind, name, is_default, balance_minor, seq,
    moved_at, created_at)
VALUES ('{one}', '{one}', 'RUB', 'wallet', 'One', true, {many}, {many}, now(), now());
INSERT INTO wallet.entry (account_id, seq, transfer_id, amount_minor, balance_after_minor, hash,
    posted_at)
SELECT '{one}', n, lpad(to_hex(n), 32, '0')::uuid, 1, n, '{hash}', now()
FROM generate_series(1, {many}) AS n;
"""


@pytest.fixture
async def busy(world: World, cluster: Cluster) -> UUID:
    """Return an account with many entries, in a table of which statistics know others' alone."""
    account_id = new_id()
    empty = "\\x" + "00" * 32
    await cluster.as_superuser(STORE.format(one=account_id, many=MANY, hash=empty))
    return account_id


async def test_a_page_reads_its_entries_wherever_it_begins(world: World, busy: UUID) -> None:
    async with world.database.read() as connection:
        history = sql.History(connection)
        for through in (MANY, MANY // 2):
            shown = await history.newest_first(busy, after=0, through=through, limit=101)
            assert [one.seq for one in shown] == list(range(through, through - 101, -1))
            shown = await history.oldest_first(
                busy, after=through - 500, through=through, limit=101
            )
            assert [one.seq for one in shown] == list(range(through - 499, through - 398))
        shown = await history.newest_first(busy, after=MANY - 2, through=MANY, limit=101)
        assert [one.seq for one in shown] == [MANY, MANY - 1]
        latest = await history.latest([busy], 3)
        assert [one.seq for one in latest[busy]] == [MANY, MANY - 1, MANY - 2]
        for statement, values in (
            (sql._NEWEST_FIRST, (busy, 0, MANY, 101)),
            (sql._NEWEST_FIRST, (busy, 0, MANY // 2, 101)),
            (sql._OLDEST_FIRST, (busy, 0, MANY, 101)),
            (sql._OLDEST_FIRST, (busy, MANY // 2, MANY, 101)),
            (sql._LATEST, ([busy], 101)),
        ):
            asked: tuple[Any, ...] = values
            plan = await connection.fetchval(EXPLAIN + statement, *asked)
            assert 0 < rows_read(plan, "entry") <= 101, plan
