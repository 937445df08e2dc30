"""Stores the disputes of payments of orders, as payments tells of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection
from shop.domain.disputes import OrderDispute

# The end may be told before the beginning; then the beginning adds what only it knows.
_OPEN: Final = """
INSERT INTO order_dispute (id, order_id, amount_minor, reason, opened_at)
SELECT told.id, order_id, told.amount_minor, told.reason, told.at
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[])
    AS told (id, payment_id, amount_minor, reason, at)
JOIN order_payment USING (payment_id)
ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, opened_at = excluded.opened_at
"""
_CLOSE: Final = """
INSERT INTO order_dispute (id, order_id, amount_minor, outcome, opened_at, closed_at)
SELECT told.id, order_id, told.amount_minor, told.outcome, told.at, told.at
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[])
    AS told (id, payment_id, amount_minor, outcome, at)
JOIN order_payment USING (payment_id)
ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, closed_at = excluded.closed_at
"""
_OF_ORDERS: Final = """
SELECT id, order_id, amount_minor, reason, outcome, opened_at, closed_at
FROM order_dispute WHERE order_id = ANY($1) ORDER BY opened_at, id
"""


class OrderDisputes:
    """Stored disputes of orders; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def open(self, told: Sequence[tuple[UUID, UUID, int, str | None, datetime]]) -> None:
        """Store disputes of payments that pay orders.

        Each is its id, its payment's, its amount, the provider's reason, and when it began.
        """
        await self._connection.execute(_OPEN, *zip(*told, strict=True))

    async def close(self, told: Sequence[tuple[UUID, UUID, int, str, datetime]]) -> None:
        """Store how disputes of payments that pay orders have ended.

        Each is its id, its payment's, its amount, `won` or `lost`, and when it ended.
        """
        await self._connection.execute(_CLOSE, *zip(*told, strict=True))

    async def of_orders(self, order_ids: Iterable[UUID]) -> dict[UUID, tuple[OrderDispute, ...]]:
        """Return the disputes of each of the orders that has any, oldest first."""
        found = defaultdict(list)
        for row in await self._connection.fetch(_OF_ORDERS, list(order_ids)):
            found[row["order_id"]].append(OrderDispute(**row))
        return {order_id: tuple(disputes) for order_id, disputes in found.items()}
