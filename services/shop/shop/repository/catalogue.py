"""Reads the whole catalogue, a batch at a time, for files."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from kit.db import Database
from shop.domain.categories import Category
from shop.domain.products import Product
from shop.repository.categories import Categories
from shop.repository.products import Products

BATCH: Final = 500

Slugs = Mapping[UUID, str]


async def catalogue(
    database: Database,
) -> AsyncIterator[tuple[Sequence[Category | Product], Slugs]]:
    """Yield all categories, then all products, each time with the slugs of categories.

    No connection is held while a batch is worked on. Categories that are added meanwhile come
    before the first product that stands in one, so that a file always holds what its rows name.
    """
    async with database.read() as connection:
        categories = await Categories(connection).all()
    slugs = {one.id: one.slug for one in categories}
    yield categories, slugs
    last = UUID(int=0)
    while True:
        async with database.read() as connection:
            found = await Products(connection).following(last, BATCH)
            now = [] if _named_by(found) <= slugs.keys() else await Categories(connection).all()
        added = [one for one in now if one.id not in slugs]
        if added:
            slugs |= {one.id: one.slug for one in added}
            yield added, slugs
        if not _named_by(found) <= slugs.keys():
            continue  # a category is gone already, and what stood in it has been changed
        if found:
            yield found, slugs
            last = found[-1].id
        if len(found) < BATCH:
            return


def _named_by(products: Sequence[Product]) -> set[UUID]:
    return {one.category_id for one in products if one.category_id is not None}
