"""Pages of transactions read little, whatever statistics know of whom they are asked for."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from tests.integration.finance.room import Json, Room

from finance.domain.dates.periods import BookPeriod
from finance.domain.transactions.transactions import TransactionFilter, TransactionType
from finance.repository import TransactionLists
from finance.repository.transactions.lists import page_statement
from testkit.databases import Cluster
from testkit.plans import EXPLAIN, rows_read

MANY = 20_000
# Others' rows, of which alone statistics know; no table has what they refer to.
OTHERS = """
SET session_replication_role = replica;
INSERT INTO finance.transaction (id, user_id, account_id, type, amount_minor, currency, category_id,
    date, is_split, origin, version, created_at, updated_at)
SELECT gen_random_uuid(), whose, whose, 'income', n, 'RUB', CASE WHEN n % 2 = 0 THEN whose END,
    date '2020-01-01' + n / 20, n % 2 = 1, 'manual', 1, now(), now()
FROM (SELECT n, (CASE WHEN n % 2 = 0 THEN '00' ELSE '{side}' END
                 || right(md5((n / 20)::text), 30))::uuid AS whose
      FROM generate_series(1, {many}) AS n) AS other;
INSERT INTO finance.split (transaction_id, position, category_id, amount_minor, user_id, date,
    currency)
SELECT id, 1, user_id, amount_minor, user_id, date, currency FROM finance.transaction
WHERE is_split;
ALTER TABLE finance.transaction SET (autovacuum_enabled = false);
ALTER TABLE finance.split SET (autovacuum_enabled = false);
ANALYZE finance.transaction, finance.split;
"""
OWN = """
INSERT INTO transaction (id, user_id, account_id, type, amount_minor, currency, category_id,
    description, date, tags, is_split, origin, version, created_at, updated_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, $1, $2, 'expense', -n, 'KWD',
    CASE WHEN n % 3 = 0 THEN $3::uuid END, 'lunch', date '2020-01-01' + n / 20, '{work}',
    n % 3 = 1, 'manual', 1, now(), now()
FROM generate_series(1, $4::int) AS n
"""
PARTS = """
INSERT INTO split (transaction_id, position, category_id, amount_minor, user_id, date, currency)
SELECT id, position, $2, -1, user_id, date, currency
FROM transaction, generate_series(1, 2) AS position WHERE user_id = $1 AND is_split
"""
FILTERS: dict[str, Json] = {
    "": {},
    "account": {"account_id": ...},
    "category": {"category_id": ...},
    "category of an account": {"category_id": ..., "account_id": ...},
    "text": {"text": "lunch"},
    "tag": {"tag": "work"},
    "type": {"type": TransactionType.EXPENSE},
    "currency": {"currency": "KWD"},
    "amounts": {"currency": "KWD", "amount_min": 1, "amount_max": MANY},
    "text and currency in a category": {"category_id": ..., "text": "unc", "currency": "KWD"},
    "uncategorised": {"is_uncategorised": True},
    "another zone": {"period": BookPeriod(None, None, "Europe/Moscow", "UTC")},
}


@pytest.fixture(params=["after all others", "between others"])
async def crowd(request: pytest.FixtureRequest, room: Room, cluster: Cluster) -> TransactionFilter:
    """Many transactions of one book, in a table of which statistics know others' alone."""
    side = "00" if request.param == "after all others" else "ff"
    await cluster.as_superuser(OTHERS.format(side=side, many=MANY))
    cash, food = UUID(await room.account(currency="KWD")), UUID(await room.category("Food"))
    async with room.database.unit_of_work() as uow:
        await uow.execute(OWN, room.user, cash, food, MANY)
        await uow.execute(PARTS, room.user, food)
    period = BookPeriod(None, None, "UTC", "UTC")
    return TransactionFilter(user_id=room.user, period=period, account_id=cash, category_id=food)


async def test_the_first_page_and_a_far_one_read_as_little(
    room: Room, crowd: TransactionFilter
) -> None:
    for name, given in FILTERS.items():
        wanted = narrowed(crowd, given)
        async with room.database.read() as connection:
            far = (await TransactionLists(connection).page(wanted, None, MANY))[-30:][0]
            for after in (None, (far.day, far.id)):
                statement, values = page_statement(wanted, after, 21)
                [row] = await connection.fetch(EXPLAIN + statement, *values)
                # Of a category, whole ones and parts; of three rows one has neither.
                assert 0 < rows_read(row[0], "transaction") <= 3 * 21, (name, row[0])
                assert rows_read(row[0], "split") <= 2 * 21, (name, row[0])


def narrowed(crowd: TransactionFilter, by: Json) -> TransactionFilter:
    """Return a filter of the crowd's book; `...` stands for what the crowd has."""
    own: dict[str, Any] = {"account_id": None, "category_id": None}
    given = {name: getattr(crowd, name) if one is ... else one for name, one in by.items()}
    return replace(crowd, **own | given)
