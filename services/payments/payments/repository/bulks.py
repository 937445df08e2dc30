"""Stores bulks and their rows; every statement is for many rows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from payments.domain.bulk import Bulk, RowOutcome, facts_of, order_of
from payments.domain.creation import PaymentOrder
from payments.repository.closing import noticing_closed
from payments.repository.payments import payments_among

_BULK: Final = "id, user_id, total, done, created_at"

_ADD: Final = """
WITH added AS (
    INSERT INTO bulk (id, user_id, total, done, created_at, next_at)
    VALUES ($1, $2, cardinality($4::jsonb[]), 0, $3, $3))
INSERT INTO bulk_row (bulk_id, position, asked)
SELECT $1, position, asked FROM unnest($4::jsonb[]) WITH ORDINALITY AS given (asked, position)
"""

_GET: Final = f"SELECT {_BULK} FROM bulk WHERE id = $1"  # noqa: S608 - of constants

_UNDER_WAY: Final = """
SELECT count(*) FROM (
    SELECT FROM bulk WHERE user_id = $1 AND done < total LIMIT $2) AS found
"""

# A lease: the unit of work that decides its rows checks again that nobody else did.
_TAKE: Final = f"""
UPDATE bulk SET next_at = $2 WHERE id = (
    SELECT id FROM bulk WHERE done < total AND next_at <= $1
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING {_BULK}
"""  # noqa: S608 - of constants

_NEXT: Final = "SELECT min(next_at) FROM bulk WHERE done < total"

_WAITING: Final = """
SELECT asked FROM bulk_row WHERE bulk_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""

_ADVANCE: Final = "UPDATE bulk SET done = $3, next_at = $4 WHERE id = $1 AND done = $2"

_DECIDE: Final = """
UPDATE bulk_row SET asked = NULL, code = decided.code, payment_id = decided.payment_id
FROM unnest($2::int[], $3::text[], $4::uuid[]) AS decided (position, code, payment_id)
WHERE bulk_id = $1 AND bulk_row.position = decided.position
"""

_COUNTS: Final = """
SELECT CASE WHEN code IS NOT NULL THEN 'refused' ELSE coalesce(payment.status, 'waiting') END
    AS status, count(*) AS count
FROM bulk_row LEFT JOIN payment ON payment.id = payment_id
WHERE bulk_id = $1 GROUP BY 1
"""

_ROWS: Final = """
SELECT position, code, payment_id FROM bulk_row
WHERE bulk_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""


class Bulks:
    """Stored bulks; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, bulk: Bulk, orders: Sequence[PaymentOrder]) -> None:
        """Store a bulk and all its rows."""
        asked = [facts_of(order) for order in orders]
        with noticing_closed((bulk.user_id,)):
            await self._connection.execute(_ADD, bulk.id, bulk.user_id, bulk.created_at, asked)

    async def under_way(self, user_id: UUID, most: int) -> int:
        """Return how many bulks of a person are worked on; at most ``most``."""
        return int(await self._connection.fetchval(_UNDER_WAY, user_id, most))

    async def get(self, bulk_id: UUID) -> Bulk | None:
        """Return a bulk, whoever asks."""
        return _one(await self._connection.fetchrow(_GET, bulk_id))

    async def take(self, now: datetime, lease: timedelta) -> Bulk | None:
        """Lease the bulk that has waited longest; others get it when the lease is over."""
        return _one(await self._connection.fetchrow(_TAKE, now, now + lease))

    async def next_at(self) -> datetime | None:
        """Return when the first bulk may be taken; None where none waits."""
        at: datetime | None = await self._connection.fetchval(_NEXT)
        return at

    async def waiting(self, bulk: Bulk, limit: int) -> list[PaymentOrder]:
        """Return what the bulk's next rows ask for."""
        rows = await self._connection.fetch(_WAITING, bulk.id, bulk.done, limit)
        return [order_of(bulk.user_id, row["asked"]) for row in rows if row["asked"] is not None]

    async def advance(self, bulk: Bulk, count: int, now: datetime) -> bool:
        """Lock a bulk and count its next rows as decided; False where others were faster."""
        touched = await self._connection.execute(
            _ADVANCE, bulk.id, bulk.done, bulk.done + count, now
        )
        return touched == 1

    async def decide(self, bulk_id: UUID, outcomes: Sequence[RowOutcome]) -> None:
        """Store what became of rows; what they asked for is not kept."""
        await self._connection.execute(
            _DECIDE,
            bulk_id,
            [outcome.position for outcome in outcomes],
            [outcome.code for outcome in outcomes],
            [None if outcome.payment is None else outcome.payment.id for outcome in outcomes],
        )

    async def counts(self, bulk_id: UUID) -> dict[str, int]:
        """Return how many rows have each status."""
        rows = await self._connection.fetch(_COUNTS, bulk_id)
        return {row["status"]: row["count"] for row in rows}

    async def outcomes(self, bulk_id: UUID, after: int, limit: int) -> list[RowOutcome]:
        """Return a page of rows in their order, with the payments they have become."""
        rows = await self._connection.fetch(_ROWS, bulk_id, after, limit)
        ids = [row["payment_id"] for row in rows if row["payment_id"] is not None]
        found = {payment.id: payment for payment in await payments_among(self._connection, ids)}
        return [
            RowOutcome(row["position"], row["code"], found.get(row["payment_id"])) for row in rows
        ]


def _one(row: Any) -> Bulk | None:
    return None if row is None else Bulk(**dict(row))
