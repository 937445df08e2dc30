"""Measures how long committed messages wait to be sent.

The API refuses new work while they wait too long (`Database.require_no_backlog`).
"""

from prometheus_client import Gauge

from kit.db.database import Database
from kit.tasks import for_ever

LOOK_SECONDS = 5.0  # of the sixty that close the API
# A few undeliverable messages wait for an operator and must not close the API, so the backlog is
# judged by the age of the message that has so many others before it.
SPARED = 100

oldest = Gauge("saldo_outbox_oldest_seconds", "Age of the oldest row not yet sent", ["service"])

_AGES = """
SELECT (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8
        FROM outbox ORDER BY number LIMIT 1) AS oldest,
       (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8
        FROM (SELECT number, created_at, sum(1 + cardinality(others)) OVER (ORDER BY number) AS upto
              FROM outbox ORDER BY number LIMIT $1 + 1) AS counted
        WHERE upto > $1 ORDER BY number LIMIT 1) AS backlog
"""


async def watch(database: Database) -> None:
    """Measure again and again, until cancelled."""
    await for_ever(f"{database.name}.backlog", lambda: look(database), every_seconds=LOOK_SECONDS)


async def look(database: Database) -> None:
    """Note the outbox's age once, on the database and as a metric."""
    async with database.read() as connection:
        (ages,) = await connection.fetch(_AGES, SPARED)
    database.backlog_seconds = ages["backlog"] or 0.0
    oldest.labels(database.name).set(ages["oldest"] or 0.0)
