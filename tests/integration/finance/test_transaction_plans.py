"""Pages and reports read little, whatever statistics know of whom they are asked for."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from tests.integration.finance.room import Json, Room

from finance.domain.dates.calendar import Granularity
from finance.domain.dates.periods import BookPeriod
from finance.domain.reports.scopes import ReportScope
from finance.domain.transactions.transactions import TransactionFilter, TransactionType
from finance.repository import Reports, TransactionLists
from finance.repository.transactions.lists import page_statement
from kit.db import Connection
from testkit.databases import Cluster
from testkit.plans import EXPLAIN, rows_read

MANY = 10_000
FIRST = date(2020, 1, 1)
# Others' rows, of which alone statistics know; no table has what they refer to.
OTHERS = """
SET session_replication_role = replica;
INSERT INTO finance.transaction (id, user_id, account_id, type, amount_minor, currency, category_id,
    date, is_split, origin, version, created_at, updated_at)
SELECT gen_random_uuid(), whose, whose, 'income', n, 'RUB', CASE WHEN n % 2 = 0 THEN whose END,
    date '2020-01-01' + n / 20, n % 2 = 1, 'manual', 1, now(), now()
FROM (SELECT n, (CASE WHEN n % 2 = 0 THEN '00' ELSE '{side}' END
                 || right(md5((n / {each})::text), 30))::uuid AS whose
      FROM generate_series(1, {many}) AS n) AS other;
INSERT INTO finance.split (transaction_id, position, category_id, amount_minor, user_id, date,
    currency)
SELECT id, 1, user_id, amount_minor, user_id, date, currency FROM finance.transaction
WHERE is_split;
ANALYZE finance.transaction, finance.split;
"""
OWN = """
INSERT INTO transaction (id, user_id, account_id, type, amount_minor, currency, category_id,
    description, date, tags, is_split, origin, version, created_at, updated_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, $1, $2, 'expense', -n, 'KWD',
    CASE WHEN n % 40 = 0 THEN $3::uuid END, 'lunch', date '2020-01-01' + n / 20, '{work}',
    n % 40 = 1, 'manual', 1, now(), now()
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


@pytest.fixture(params=["after all others", "between others", "after a few others"])
async def crowd(request: pytest.FixtureRequest, room: Room, cluster: Cluster) -> TransactionFilter:
    """Many transactions of one book, in a table of which statistics know others' alone."""
    side = "ff" if request.param == "between others" else "00"
    many, each = (60, 2) if request.param == "after a few others" else (MANY, 20)
    await cluster.as_superuser(OTHERS.format(side=side, many=many, each=each))
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
                # Of a category 21 whole ones, and 21 with two parts each, which look at each other.
                assert 0 < rows_read(row[0], "transaction") <= 3 * 21, (name, row[0])
                assert rows_read(row[0], "split") <= 4 * 21, (name, row[0])


class Explaining:
    """Reads as a connection does, and keeps what PostgreSQL says of each statement."""

    def __init__(self, connection: Connection) -> None:
        self.plans: list[str] = []
        self._connection = connection

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        self.plans.append(await self._connection.fetchval(EXPLAIN + statement, *values))
        return list(await self._connection.fetch(statement, *values))


async def test_a_report_reads_what_is_in_its_period(room: Room, crowd: TransactionFilter) -> None:
    last = FIRST + timedelta(days=MANY // 20)
    days = BookPeriod(last - timedelta(days=10), last, "UTC", "UTC")
    for account_id in (None, crowd.account_id):
        scope = ReportScope(room.user, days, account_id=account_id)
        async with room.database.read() as connection:
            reading = Explaining(connection)
            reports = Reports(cast("Connection", reading))
            [totals] = await reports.totals(scope)
            await reports.by_bucket(scope, Granularity.DAY)
            await reports.by_category(scope, None, at_top=True)
            await reports.flows(scope)
            await reports.worth_moved(scope, Granularity.DAY)
        assert 200 <= totals.transactions <= 220
        for plan in reading.plans:  # split ones are looked for apart from all others
            assert 200 <= rows_read(plan, "transaction") <= 2 * 220, plan
            assert rows_read(plan, "split") <= 220, plan


def narrowed(crowd: TransactionFilter, by: Json) -> TransactionFilter:
    """Return a filter of the crowd's book; `...` stands for what the crowd has."""
    own: dict[str, Any] = {"account_id": None, "category_id": None}
    given = {name: getattr(crowd, name) if one is ... else one for name, one in by.items()}
    return replace(crowd, **own | given)
