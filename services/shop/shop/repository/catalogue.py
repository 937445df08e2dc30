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

    No connection is held while a batch is worked on.
    """
    async with database.read() as connection:
        categories = await Categories(connection).all()
    slugs = {one.id: one.slug for one in categories}
    yield categories, slugs
    last = UUID(int=0)
    while True:
        async with database.read() as connection:
            found = await Products(connection).following(last, BATCH)
            if any(one.category_id not in slugs for one in found if one.category_id):
                slugs = {one.id: one.slug for one in await Categories(connection).all()}
        if found:
            yield found, slugs
            last = found[-1].id
        if len(found) < BATCH:
            return
