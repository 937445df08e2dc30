"""Stores the attempts to pay orders; an order has many, one at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection
from kit.db.bulk import BulkInsert
from shop.domain.orders import AttemptStatus, OrderPayment

_PAYMENTS: Final = BulkInsert(
    "order_payment",
    payment_id="uuid",
    order_id="uuid",
    method="text",
    status="text",
    created_at="timestamptz",
)
_OPEN_PAGES: Final = """
UPDATE order_payment SET page_url = opened.url
FROM unnest($1::uuid[], $2::text[]) AS opened (payment_id, url)
WHERE order_payment.payment_id = opened.payment_id
RETURNING order_id
"""
_SETTLE: Final = """
UPDATE order_payment SET status = 'paid', ended_at = $2
WHERE payment_id = ANY($1) AND status = 'processing'
"""
_GIVE_UP: Final = """
UPDATE order_payment SET status = ended.status, reason = ended.reason, ended_at = $4
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS ended (payment_id, status, reason)
WHERE order_payment.payment_id = ended.payment_id AND order_payment.status = 'processing'
"""
_IS_GIVEN_UP: Final = """
SELECT status IN ('not_paid', 'returned') FROM order_payment WHERE payment_id = $1
"""


class OrderPayments:
    """Stored attempts to pay orders; changes need the order's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, begun: Sequence[tuple[UUID, OrderPayment]], now: datetime) -> None:
        """Store payments that begin, each with its order's id."""
        await _PAYMENTS.insert(
            self._connection,
            [(one.id, order_id, one.method, one.status, now) for order_id, one in begun],
        )

    async def open_pages(self, urls: Mapping[UUID, str]) -> list[UUID]:
        """Store where cards can be entered; return the ids of the orders."""
        rows = await self._connection.fetch(_OPEN_PAGES, list(urls), list(urls.values()))
        return [row["order_id"] for row in rows]

    async def settle(self, payment_ids: Iterable[UUID], now: datetime) -> None:
        """Store that payments have paid."""
        await self._connection.execute(_SETTLE, list(payment_ids), now)

    async def give_up(
        self, ended: Sequence[tuple[UUID, AttemptStatus, str]], now: datetime
    ) -> None:
        """Store that payments have ended without paying: how, and why."""
        await self._connection.execute(_GIVE_UP, *zip(*ended, strict=True), now)

    async def is_given_up(self, payment_id: UUID) -> bool:
        """Tell whether a payment has ended without paying."""
        return bool(await self._connection.fetchval(_IS_GIVEN_UP, payment_id))
