"""Stores what the shop tells of purchases."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from finance.domain.feed.purchases import Purchase, PurchaseItem
from kit.db import Connection
from kit.db.bulk import BulkInsert
from kit.ids import id_in

_PURCHASES: Final = BulkInsert(
    "purchase",
    "ON CONFLICT (payment_id) DO NOTHING",
    payment_id="uuid",
    user_id="uuid",
    order_id="uuid",
    items="jsonb",
    created_at="timestamptz",
)
_AMONG: Final = """
SELECT payment_id, user_id, order_id, items FROM purchase WHERE payment_id = ANY($1)
"""


class Purchases:
    """Stored purchases, each under the payment that has paid it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, told: Iterable[Purchase], now: datetime) -> None:
        """Store purchases; the same one again changes nothing."""
        await _PURCHASES.insert(self._connection, [(*_row(one), now) for one in told])

    async def among(self, payment_ids: Collection[str]) -> dict[str, Purchase]:
        """Return purchases by their payments' ids, as texts; what is no id names none."""
        ids = [found for one in payment_ids if (found := id_in(one)) is not None]
        rows = await self._connection.fetch(_AMONG, ids) if ids else ()
        return {str(row["payment_id"]): _purchase(row) for row in rows}


def _row(one: Purchase) -> tuple[Any, ...]:
    items = tuple((item.name, list(item.categories), item.amount_minor) for item in one.items)
    return one.payment_id, one.user_id, one.order_id, items


def _purchase(row: Any) -> Purchase:
    items = [PurchaseItem(*item) for item in row["items"]]
    return Purchase(row["payment_id"], row["user_id"], row["order_id"], items)
