"""Stores orders with their items: one statement for each intent, for many orders.

Lock order, everywhere: orders, their sagas, then products, each in id order. The order's row
decides between all who want to change it.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.db import Connection
from kit.db.bulk import BulkInsert
from shop.domain.orders import (
    AttemptStatus,
    Order,
    OrderItem,
    OrderPayment,
    OrderStatus,
    PayMethod,
)

ROW: Final = """
    shop_order.id, shop_order.owner_id, shop_order.status, shop_order.currency,
    shop_order.total_minor, shop_order.refund_asked_minor, shop_order.refunded_minor,
    shop_order.is_bought, shop_order.reason, shop_order.has_open_card, shop_order.created_at,
    shop_order.expires_at, shop_order.paid_at, shop_order.cancelled_at, shop_order.refunded_at,
    (SELECT jsonb_agg(jsonb_build_array(product_id, name, price_minor, quantity,
                                        refunded_quantity) ORDER BY position)
     FROM order_item WHERE order_id = shop_order.id) AS items,
    (SELECT jsonb_build_array(payment_id, method, status, reason, page_url)
     FROM order_payment WHERE payment_id = shop_order.payment_id) AS payment
"""
_ORDERS: Final = BulkInsert(
    "shop_order",
    id="uuid",
    owner_id="uuid",
    status="text",
    currency="text",
    total_minor="bigint",
    is_bought="boolean",
    payment_id="uuid",
    created_at="timestamptz",
    expires_at="timestamptz",
)
_ITEMS: Final = BulkInsert(
    "order_item",
    order_id="uuid",
    product_id="uuid",
    position="int",
    name="text",
    price_minor="bigint",
    quantity="int",
)
_GET: Final = f"SELECT {ROW} FROM shop_order WHERE id = $1"
_AMONG: Final = f"SELECT {ROW} FROM shop_order WHERE id = ANY($1)"
_LOCK: Final = "SELECT 1 FROM shop_order WHERE id = $1 FOR NO KEY UPDATE"
LOCK_PAID_BY: Final = """
SELECT 1 FROM shop_order
WHERE id IN (SELECT order_id FROM order_payment WHERE payment_id = ANY($1::uuid[])
             UNION ALL SELECT order_id FROM order_refund WHERE id = ANY($1::uuid[]))
ORDER BY id FOR NO KEY UPDATE
"""
_LOCK_OVERDUE: Final = f"""
SELECT {ROW} FROM shop_order WHERE status = 'pending' AND expires_at <= $1
ORDER BY expires_at LIMIT $2 FOR NO KEY UPDATE OF shop_order SKIP LOCKED
"""
_LOCK_PENDING_OF: Final = f"""
SELECT {ROW} FROM shop_order WHERE owner_id = ANY($1) AND status = 'pending'
ORDER BY id FOR NO KEY UPDATE OF shop_order
"""
_COUNT_OPEN: Final = """
SELECT owner_id, count(*) AS orders FROM shop_order
WHERE owner_id = ANY($1) AND status IN ('pending', 'paying') GROUP BY owner_id
"""
# Locks first, in a materialized part, so that orders are locked in the order of their ids; what
# it has seen under the locks decides.
_CLAIM: Final = f"""
WITH wanted AS MATERIALIZED (
    SELECT shop_order.id, shop_order.status, shop_order.expires_at, shop_order.has_open_card,
        asked.payment_id, asked.is_card,
        CASE WHEN shop_order.has_open_card THEN shop_order.payment_id END AS open_card_id
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::boolean[])
        AS asked (id, owner_id, payment_id, is_card)
    JOIN shop_order ON shop_order.id = asked.id AND shop_order.owner_id = asked.owner_id
    ORDER BY shop_order.id FOR NO KEY UPDATE OF shop_order)
UPDATE shop_order SET
    status = CASE WHEN wanted.is_card THEN 'pending' ELSE 'paying' END,
    payment_id = wanted.payment_id,
    has_open_card = wanted.is_card,
    reason = NULL
FROM wanted
WHERE shop_order.id = wanted.id AND wanted.status = 'pending' AND wanted.expires_at > $5
  AND NOT (wanted.has_open_card AND wanted.is_card)
RETURNING {ROW}, wanted.open_card_id
"""
# Orders that are named are read by their names. By the bare `status` a planner whose statistics
# have seen few orders in a state takes an index of states, and reads all that are in it by now.
_STATUS: Final = "(shop_order.status || '')"
_PAYABLE_BY: Final = f"""
SELECT payment_id FROM shop_order
WHERE payment_id = ANY($1) AND {_STATUS} IN ('pending', 'paying')
"""
_PAY: Final = f"""
UPDATE shop_order SET status = 'paid', paid_at = $2, reason = NULL, has_open_card = false
WHERE payment_id = ANY($1) AND {_STATUS} IN ('pending', 'paying')
RETURNING {ROW}
"""
_UNLOCK: Final = f"""
UPDATE shop_order SET
    status = CASE WHEN is_bought THEN 'cancelled' ELSE 'pending' END,
    cancelled_at = CASE WHEN is_bought THEN $3::timestamptz END,
    reason = ended.reason,
    has_open_card = false
FROM unnest($1::uuid[], $2::text[]) AS ended (payment_id, reason)
WHERE shop_order.payment_id = ended.payment_id AND {_STATUS} IN ('pending', 'paying')
RETURNING {ROW}
"""
_CANCEL: Final = f"""
UPDATE shop_order SET status = 'cancelled', reason = $2, cancelled_at = $3, has_open_card = false
WHERE id = ANY($1) AND {_STATUS} = 'pending'
RETURNING {ROW}
"""


class Orders:
    """Stored orders; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, created: Sequence[Order]) -> None:
        """Store new orders and their items."""
        await _ORDERS.insert(self._connection, [_new_row(order) for order in created])
        await _ITEMS.insert(
            self._connection,
            [
                (order.id, item.product_id, place, item.name, item.price_minor, item.quantity)
                for order in created
                for place, item in enumerate(order.items)
            ],
        )

    async def get(self, order_id: UUID) -> Order | None:
        """Return an order as it stands, whoever asks."""
        return _one(await self._connection.fetchrow(_GET, order_id))

    async def among(self, order_ids: Iterable[UUID]) -> list[Order]:
        """Return these orders, in no order."""
        return orders_of(await self._connection.fetch(_AMONG, list(order_ids)))

    async def count_open(self, owner_ids: Iterable[UUID]) -> Counter[UUID]:
        """Return how many orders of each owner are neither paid nor cancelled."""
        rows = await self._connection.fetch(_COUNT_OPEN, list(owner_ids))
        return Counter({row["owner_id"]: row["orders"] for row in rows})

    async def lock(self, order_id: UUID) -> Order | None:
        """Return an order, locked until the unit of work ends.

        It is read after that: a statement that waits for a lock sees the order as it has become,
        but its items as they were.
        """
        await self._connection.execute(_LOCK, order_id)
        return await self.get(order_id)

    async def lock_paid_by(self, ids: Iterable[UUID]) -> None:
        """Lock, in id order, the orders that these payments pay or refunds give back."""
        await self._connection.execute(LOCK_PAID_BY, list(ids))

    async def lock_overdue(self, now: datetime, limit: int) -> list[Order]:
        """Lock pending orders whose time is over, oldest first; skip locked ones."""
        return orders_of(await self._connection.fetch(_LOCK_OVERDUE, now, limit))

    async def lock_pending_of(self, owner_ids: Iterable[UUID]) -> list[Order]:
        """Lock, in id order, the orders of these owners that wait to be paid."""
        return orders_of(await self._connection.fetch(_LOCK_PENDING_OF, list(owner_ids)))

    async def claim(
        self, asked: Mapping[tuple[UUID, UUID], OrderPayment], now: datetime
    ) -> dict[tuple[UUID, UUID], tuple[Order, UUID | None]]:
        """Begin to pay pending orders; of all who try at once exactly one succeeds.

        Orders are asked for by id and owner, with the payment that begins. Each comes with the id
        of the card payment that it takes the place of. One is missing where it can't be paid now,
        or is being paid: ``decide_pay`` on what ``get`` gives says which. This is the hot path, so
        it is one statement.
        """
        order_ids, owner_ids = (list(column) for column in zip(*asked, strict=True))
        rows = await self._connection.fetch(
            _CLAIM,
            order_ids,
            owner_ids,
            [payment.id for payment in asked.values()],
            [payment.method is PayMethod.CARD for payment in asked.values()],
            now,
        )
        return {(row["id"], row["owner_id"]): _claimed(row) for row in rows}

    async def payable_by(self, payment_ids: Iterable[UUID]) -> set[UUID]:
        """Return the payments whose orders, which are locked, they may still pay."""
        rows = await self._connection.fetch(_PAYABLE_BY, list(payment_ids))
        return {row["payment_id"] for row in rows}

    async def pay(self, payment_ids: Iterable[UUID], now: datetime) -> list[Order]:
        """Store that payments have paid their orders; return these."""
        return orders_of(await self._connection.fetch(_PAY, list(payment_ids), now))

    async def unlock(self, reasons: Mapping[UUID, str], now: datetime) -> list[Order]:
        """Let orders go whose payments ended for a reason; return these.

        They wait to be paid again; one that was bought in one call is cancelled. An order that is
        not this payment's any more stays as it is.
        """
        rows = await self._connection.fetch(_UNLOCK, list(reasons), list(reasons.values()), now)
        return orders_of(rows)

    async def cancel(self, order_ids: Iterable[UUID], reason: str, now: datetime) -> list[Order]:
        """Cancel those of the orders, which are locked, that are pending; return these."""
        return orders_of(await self._connection.fetch(_CANCEL, list(order_ids), reason, now))


def _new_row(order: Order) -> tuple[Any, ...]:
    return (
        order.id,
        order.owner_id,
        order.status,
        order.currency,
        order.total_minor,
        order.is_bought,
        None if order.payment is None else order.payment.id,
        order.created_at,
        order.expires_at,
    )


def _claimed(row: Any) -> tuple[Order, UUID | None]:
    values = dict(row)
    open_card_id = values.pop("open_card_id")
    return _order(values), open_card_id


def _one(row: Any) -> Order | None:
    return None if row is None else _order(row)


def orders_of(rows: Iterable[Any]) -> list[Order]:
    """Return the orders of rows that hold ``ROW``."""
    return [_order(row) for row in rows]


def _order(row: Any) -> Order:
    values = dict(row)
    values["status"] = OrderStatus(values["status"])
    values["items"] = tuple(OrderItem(UUID(product), *rest) for product, *rest in values["items"])
    if values["payment"] is not None:
        values["payment"] = _payment(*values["payment"])
    return Order(**values)


def _payment(
    payment_id: str, method: str, status: str, reason: str | None, page_url: str | None
) -> OrderPayment:
    return OrderPayment(
        UUID(payment_id), PayMethod(method), AttemptStatus(status), reason, page_url
    )
