"""Lists against tables a hundred times larger: a page must cost what it cost before."""

import asyncpg
from tests.benchmarks.load import Connection, Measured

from testkit.people import Person

SMALL = 1_000
TIMES = 100
PATHS = ("/v1/payments", "/v1/payments?status=failed&direction=out", "/v1/payments?direction=in")

_FILL = """
INSERT INTO payments.payment (id, status, payer_id, payee_id, amount_minor, currency, reason,
    version, created_at, expires_at, failed_at)
SELECT gen_random_uuid(), 'failed', $1, $2, n, 'RUB', 'insufficient_funds', 3,
    now() - n * interval '1 minute', now(), now()
FROM generate_series(1, $3::int) AS n
"""


async def fill(admin_url: str, payer: Person, payee: Person, count: int) -> None:
    """Write failed payments down, straight into the table."""
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(_FILL, payer.user_id, payee.user_id, count)
        await connection.execute("ANALYZE payments.payment")
    finally:
        await connection.close()


async def run(url: str, person: Person, count: int = 300) -> dict[str, float]:
    """Return the median milliseconds of each list, one request at a time."""
    connection = await Connection.open(url)
    medians = {}
    for path in PATHS:
        measured = Measured(seconds=1)
        for _ in range(count):
            await measured.time(connection.request("GET", path, person.token))
        medians[path] = measured.percentile(0.5)
    connection.close()
    return medians
