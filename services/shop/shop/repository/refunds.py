"""Stores refunds of orders, and counts them in their orders and items.

An order is locked before a refund of it changes; what counts is then counted anew from all its
refunds, so that it does not matter who tells of one first, or how often.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.db.bulk import BulkInsert
from kit.saga import BY_OPERATOR
from shop.domain.refunds import OrderRefund, OrderRefundStatus, RefundedItem

MOST_SHOWN: Final = 100  # of one order, the newest; payments makes no more than that of a payment

_ROW: Final = """
    order_refund.id, order_refund.order_id, order_refund.payment_id, order_refund.status,
    order_refund.amount_minor, order_refund.restock, order_refund.reason,
    order_refund.failure_reason, order_refund.requested_by, order_refund.created_at,
    order_refund.completed_at, order_refund.failed_at,
    (SELECT jsonb_agg(jsonb_build_array(product_id, quantity) ORDER BY product_id)
     FROM order_refund_item WHERE refund_id = order_refund.id) AS items
"""
_ADD: Final = """
INSERT INTO order_refund (id, order_id, payment_id, status, amount_minor, restock, reason,
    requested_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ITEMS: Final = BulkInsert("order_refund_item", refund_id="uuid", product_id="uuid", quantity="int")
# What payments tells of without the shop having asked for it.
_LEARN: Final = """
INSERT INTO order_refund (id, order_id, payment_id, status, amount_minor, restock, failure_reason,
    created_at, completed_at, failed_at)
SELECT told.id, order_id, payment_id, told.status, told.amount_minor, false, told.failure_reason,
    told.at, CASE told.status WHEN 'completed' THEN told.at END,
    CASE told.status WHEN 'failed' THEN told.at END
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[])
    AS told (id, payment_id, status, amount_minor, failure_reason, at)
JOIN order_payment USING (payment_id)
ON CONFLICT (id) DO NOTHING
RETURNING order_id
"""
# What an operator has given up may have been made, or have failed, at payments all the same.
_GIVEN_UP: Final = f"(status = 'failed' AND failure_reason = '{BY_OPERATOR}')"
_COMPLETE: Final = f"""
UPDATE order_refund SET status = 'completed', completed_at = $2, failed_at = NULL,
    failure_reason = NULL
WHERE id = ANY($1) AND (status = 'processing' OR {_GIVEN_UP})
RETURNING {_ROW}
"""
# Also one that was completed: the money may come back from where it went.
_FAIL: Final = f"""
UPDATE order_refund SET status = 'failed', failure_reason = ended.reason, failed_at = $3
FROM unnest($1::uuid[], $2::text[]) AS ended (id, reason)
WHERE order_refund.id = ended.id AND (status <> 'failed' OR {_GIVEN_UP})
RETURNING {_ROW}
"""
_COUNT_MONEY: Final = """
WITH counted AS (
    SELECT order_id, payment_id,
        coalesce(sum(amount_minor) FILTER (WHERE status <> 'failed'), 0)::bigint AS asked_minor,
        coalesce(sum(amount_minor) FILTER (WHERE status = 'completed'), 0)::bigint AS back_minor
    FROM order_refund WHERE order_id = ANY($1) GROUP BY order_id, payment_id)
UPDATE shop_order SET
    refund_asked_minor = least(counted.asked_minor, total_minor),
    refunded_minor = least(counted.back_minor, total_minor),
    status = CASE WHEN counted.back_minor < total_minor THEN 'paid' ELSE 'refunded' END,
    refunded_at = CASE WHEN counted.back_minor >= total_minor
        THEN coalesce(refunded_at, $2::timestamptz) END
FROM counted
WHERE shop_order.id = counted.order_id AND shop_order.payment_id = counted.payment_id
  AND shop_order.paid_at IS NOT NULL
"""
# What an operator gave up may be asked for again and go back twice; what is on its way on top of
# that still has to fit, as the constraint of the item says.
_COUNT_ITEMS: Final = """
WITH counted AS (
    SELECT order_refund.order_id, part.product_id,
        coalesce(sum(part.quantity) FILTER (WHERE status = 'processing'), 0)::int AS asked,
        coalesce(sum(part.quantity) FILTER (WHERE status = 'completed'), 0)::int AS back
    FROM order_refund JOIN order_refund_item AS part ON part.refund_id = order_refund.id
    WHERE order_refund.order_id = ANY($1) GROUP BY order_refund.order_id, part.product_id)
UPDATE order_item SET refunded_quantity = asked + least(back, order_item.quantity)
FROM counted
WHERE order_item.order_id = counted.order_id AND order_item.product_id = counted.product_id
"""
# A refund may fail after it has put something on the shelf; what is refunded in its place must not
# put back more than was taken.
_RESTOCK: Final = """
WITH given AS (
    SELECT order_refund.order_id, part.product_id, sum(part.quantity)::int AS quantity
    FROM order_refund JOIN order_refund_item AS part ON part.refund_id = order_refund.id
    WHERE order_refund.id = ANY($1) AND restock
    GROUP BY order_refund.order_id, part.product_id),
back AS (
    SELECT order_id, product_id,
        least(given.quantity, order_item.quantity - restocked_quantity) AS quantity
    FROM given JOIN order_item USING (order_id, product_id))
UPDATE order_item SET restocked_quantity = restocked_quantity + back.quantity
FROM back
WHERE order_item.order_id = back.order_id AND order_item.product_id = back.product_id
RETURNING back.product_id, back.quantity
"""
_HAS_FAILED: Final = "SELECT status = 'failed' FROM order_refund WHERE id = $1"
_ENDED_AMONG: Final = f"""
SELECT {_ROW} FROM order_refund WHERE id = ANY($1) AND status <> 'processing'
"""
# Those of the payment that has paid the order; what another payment took was never the order's.
_OF_ORDERS: Final = f"""
SELECT {_ROW} FROM shop_order
CROSS JOIN LATERAL (
    SELECT * FROM order_refund
    WHERE order_id = shop_order.id AND payment_id = shop_order.payment_id
    ORDER BY created_at DESC, id DESC LIMIT {MOST_SHOWN}) AS order_refund
WHERE shop_order.id = ANY($1) AND shop_order.paid_at IS NOT NULL
ORDER BY order_refund.created_at, order_refund.id
"""


class OrderRefunds:
    """Stored refunds of orders; changes need their orders' locks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: OrderRefund) -> None:
        """Store a refund that has just been asked for, with its items."""
        await self._connection.execute(
            _ADD,
            new.id,
            new.order_id,
            new.payment_id,
            new.status,
            new.amount_minor,
            new.restock,
            new.reason,
            new.requested_by,
            new.created_at,
        )
        parts = [(new.id, item.product_id, item.quantity) for item in new.items]
        await _ITEMS.insert(self._connection, parts)

    async def learn(
        self, told: Sequence[tuple[UUID, UUID, OrderRefundStatus, int, str | None, datetime]]
    ) -> set[UUID]:
        """Store refunds that are not known yet, of payments that pay orders.

        Each is its id, its payment's, how it ended, its amount, why it failed, and when it ended.
        Returns the ids of the orders.
        """
        rows = await self._connection.fetch(_LEARN, *zip(*told, strict=True))
        return {row["order_id"] for row in rows}

    async def complete(self, refund_ids: Iterable[UUID], now: datetime) -> list[OrderRefund]:
        """Complete those of the refunds that are under way, or given up; return these."""
        return _all(await self._connection.fetch(_COMPLETE, list(refund_ids), now))

    async def fail(self, reasons: Mapping[UUID, str], now: datetime) -> list[OrderRefund]:
        """Fail those of the refunds that have not failed, each for a reason; return these."""
        rows = await self._connection.fetch(_FAIL, list(reasons), list(reasons.values()), now)
        return _all(rows)

    async def count_money(self, order_ids: Iterable[UUID], now: datetime) -> None:
        """Count in orders that are paid what goes, and what has gone, back of each.

        One is refunded while all of it is back.
        """
        await self._connection.execute(_COUNT_MONEY, list(order_ids), now)

    async def count_items(self, order_ids: Iterable[UUID]) -> None:
        """Count in the items of orders how many of each go, or went, back."""
        await self._connection.execute(_COUNT_ITEMS, list(order_ids))

    async def restock(self, refund_ids: Iterable[UUID]) -> Counter[UUID]:
        """Store that what these refunds are for is sold again, where that was chosen.

        Returns how many of each product.
        """
        quantities: Counter[UUID] = Counter()
        for row in await self._connection.fetch(_RESTOCK, list(refund_ids)):
            quantities[row["product_id"]] += row["quantity"]
        return quantities

    async def has_failed(self, refund_id: UUID) -> bool:
        """Tell whether a refund has failed."""
        return bool(await self._connection.fetchval(_HAS_FAILED, refund_id))

    async def ended_among(self, refund_ids: Iterable[UUID]) -> list[OrderRefund]:
        """Return those of the refunds that have ended."""
        return _all(await self._connection.fetch(_ENDED_AMONG, list(refund_ids)))

    async def of_orders(self, order_ids: Iterable[UUID]) -> dict[UUID, tuple[OrderRefund, ...]]:
        """Return the newest refunds of each of the orders that has any, oldest first."""
        found = defaultdict(list)
        for one in _all(await self._connection.fetch(_OF_ORDERS, list(order_ids))):
            found[one.order_id].append(one)
        return {order_id: tuple(refunds) for order_id, refunds in found.items()}


def _all(rows: Iterable[Any]) -> list[OrderRefund]:
    return [_refund(row) for row in rows]


def _refund(row: Any) -> OrderRefund:
    values = dict(row)
    values["status"] = OrderRefundStatus(values["status"])
    parts = values["items"] or ()
    values["items"] = tuple(RefundedItem(UUID(product), quantity) for product, quantity in parts)
    return OrderRefund(**values)
