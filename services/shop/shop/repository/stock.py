"""Stores what orders take off the shelf and give back, for many at once.

Lock order, everywhere: orders, their sagas, then products, each in id order. Only who makes new
orders locks products first; nobody can wait for an order that is not committed.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from kit.db import Connection
from shop.domain.baskets import Offer
from shop.domain.products import MOST_STOCK
from shop.repository.products import IS_SHOWN

_LOCK_OFFERS: Final = f"""
SELECT id, name, price_minor, currency, stock, {IS_SHOWN} AS is_shown
FROM product WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE OF product
"""
_TAKE: Final = """
UPDATE product SET stock = stock - taken.quantity
FROM unnest($1::uuid[], $2::int[]) AS taken (id, quantity) WHERE product.id = taken.id
"""
# An admin may have filled the shelf up meanwhile; what has no place on it must not keep an order
# from being cancelled. A product that was deleted has no shelf.
_PUT_BACK: Final = f"""
WITH back AS MATERIALIZED (
    SELECT product.id, given.quantity FROM product
    JOIN unnest($1::uuid[], $2::int[]) AS given (id, quantity) ON given.id = product.id
    ORDER BY product.id FOR NO KEY UPDATE OF product)
UPDATE product SET stock = least(stock + back.quantity, {MOST_STOCK})
FROM back WHERE product.id = back.id
"""


class ProductStock:
    """What is left of products; changes need a unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_offers(self, product_ids: Collection[UUID]) -> list[Offer]:
        """Lock products in id order; return those that are sold now."""
        rows = await self._connection.fetch(_LOCK_OFFERS, list(product_ids))
        return [
            Offer(row["id"], row["name"], row["price_minor"], row["currency"], row["stock"])
            for row in rows
            if row["is_shown"]
        ]

    async def take(self, taken: Mapping[UUID, int]) -> None:
        """Take what was ordered, of locked products that have as much."""
        if taken:
            await self._connection.execute(_TAKE, list(taken), list(taken.values()))

    async def put_back(self, quantities: Mapping[UUID, int]) -> None:
        """Give back what orders had taken, of products that still exist."""
        if quantities:
            await self._connection.execute(_PUT_BACK, list(quantities), list(quantities.values()))
