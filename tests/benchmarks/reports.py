"""Reports and lists of a million transactions of one user, beside the least SQL or each other."""

import time

import asyncpg
import orjson
from tests.benchmarks.load import Connection, Measured

from testkit.people import Person

ROWS = 1_000_000
PACK = 100_000
PAGES = 1_000
RANGE = "from=2020-01-01&to=2025-12-31"
# Each report, and the least SQL that answers it from what is stored for it.
LEAST = {
    "summary": """
SELECT currency, type, sum(amount_minor), count(*) FROM finance.transaction
WHERE user_id = $1 AND date BETWEEN '2020-01-01' AND '2025-12-31' AND type <> 'transfer'
GROUP BY currency, type
""",
    "by-category": """
SELECT currency, type, category_id, sum(amount_minor), count(*) FROM finance.transaction
WHERE user_id = $1 AND date BETWEEN '2020-01-01' AND '2025-12-31' AND type <> 'transfer'
GROUP BY currency, type, category_id
""",
}
_BOOK = """
INSERT INTO finance.book (user_id, time_zone, version, created_at) VALUES ($1, 'UTC', 1, now())
ON CONFLICT (user_id) DO NOTHING
"""
_ACCOUNT = """
INSERT INTO finance.account (id, user_id, name, kind, currency, opening_minor, balance_minor,
    version, created_at, updated_at)
VALUES (gen_random_uuid(), $1, 'Bench', 'cash', 'RUB', 0, 0, 1, now(), now()) RETURNING id
"""
_CATEGORIES = """
INSERT INTO finance.category (id, user_id, name, name_key, type, version, created_at, updated_at)
SELECT gen_random_uuid(), $1, 'C' || n, 'c' || n, 'expense', 1, now(), now()
FROM generate_series(1, 30) AS n RETURNING id
"""
# One in ten is income, without a category.
_FILL = """
INSERT INTO finance.transaction (id, user_id, account_id, type, amount_minor, currency,
    category_id, description, date, origin, version, created_at, updated_at)
SELECT gen_random_uuid(), $1, $2, CASE WHEN n % 10 = 0 THEN 'income' ELSE 'expense' END,
    CASE WHEN n % 10 = 0 THEN 1000 ELSE -(1 + n % 977) END, 'RUB',
    CASE WHEN n % 10 > 0 THEN ($3::uuid[])[1 + n % 30] END, 'Bench ' || n,
    DATE '2020-01-01' + (n % 2190)::int, 'manual', 1, now(), now()
FROM generate_series($4::bigint, $5::bigint - 1) AS n
"""
_IS_FILLED = "SELECT EXISTS (SELECT FROM finance.account WHERE user_id = $1 AND name = 'Bench')"
_BALANCE = """
UPDATE finance.account SET balance_minor =
    (SELECT sum(amount_minor) FROM finance.transaction WHERE account_id = $1) WHERE id = $1
"""
_CHANGED = "UPDATE finance.book SET version = version + 1 WHERE user_id = $1"


async def fill(admin_url: str, person: Person) -> None:
    """Write a book of a million transactions straight into the tables, unless it is there."""
    connection = await asyncpg.connect(admin_url)
    try:
        if await connection.fetchval(_IS_FILLED, person.user_id):
            return
        await connection.execute(_BOOK, person.user_id)
        account = await connection.fetchval(_ACCOUNT, person.user_id)
        categories = [row["id"] for row in await connection.fetch(_CATEGORIES, person.user_id)]
        for first in range(0, ROWS, PACK):
            last = first + PACK
            await connection.execute(_FILL, person.user_id, account, categories, first, last)
        await connection.execute(_BALANCE, account)
        await connection.execute("VACUUM ANALYZE finance.transaction")
    finally:
        await connection.close()


async def cold(url: str, admin_url: str, person: Person, report: str, count: int) -> float:
    """Return the median milliseconds of a report that nobody has asked for before."""
    connection, admin = await Connection.open(url), await asyncpg.connect(admin_url)
    measured = Measured(seconds=1)
    for _ in range(count):
        await admin.execute(_CHANGED, person.user_id)
        path = f"/v1/finance/reports/{report}?{RANGE}"
        await measured.time(connection.request("GET", path, person.token))
    connection.close()
    await admin.close()
    return _median(measured)


async def least(admin_url: str, person: Person, report: str, count: int) -> float:
    """Return the median milliseconds of the least SQL that answers a report."""
    admin = await asyncpg.connect(admin_url)
    measured = Measured(seconds=1)
    for _ in range(count):
        began = time.perf_counter()
        await admin.fetch(LEAST[report], person.user_id)
        measured.took.append(time.perf_counter() - began)
    await admin.close()
    return _median(measured)


async def kept(url: str, path: str, token: str, count: int) -> float:
    """Return the median milliseconds of a request, made again and again."""
    connection = await Connection.open(url)
    measured = Measured(seconds=1)
    for _ in range(count):
        await measured.time(connection.request("GET", path, token))
    connection.close()
    return _median(measured)


async def pages(url: str, token: str) -> tuple[str, str]:
    """Return the paths of the first page of the list, and of the thousandth."""
    connection = await Connection.open(url)
    first = path = "/v1/finance/transactions?limit=20"
    for _ in range(PAGES - 1):
        _, body = await connection.request("GET", path, token)
        path = f"{first}&cursor={orjson.loads(body)['next_cursor']}"
    connection.close()
    return first, path


def _median(measured: Measured) -> float:
    if measured.errors:
        raise RuntimeError(measured.errors[0])
    return measured.percentile(0.5)
