"""Holds the verb of importing a catalogue. Its caller commits."""

from collections.abc import Callable, Sequence
from typing import Final

from kit.db import UnitOfWork
from shop.domain.categories import MOST_CATEGORIES
from shop.domain.imports import CatalogueImport, CatalogueRow, decide_import
from shop.refusals import TooManyCategories
from shop.repository import Categories, Products

BATCH: Final = 1_000


def _no_progress(_: int) -> None:
    """Tell nobody how many rows are stored."""


async def import_catalogue(
    uow: UnitOfWork,
    rows: Sequence[CatalogueRow],
    *,
    progress: Callable[[int], object] = _no_progress,
) -> CatalogueImport:
    """Store all rows, or none where there are faults; what no row names stays.

    ``progress`` is told how many more rows are stored. Raises SlugTaken where somebody has just
    added what a row names, and TooManyCategories.
    """
    categories, products = Categories(uow), Products(uow)
    await categories.lock_tree()
    known = {one.slug: one for one in await categories.all()}
    slugs = [row.slug for row in rows if row.kind == "product"]
    found = {one.slug: one for one in await products.named(slugs)}
    decided = decide_import(rows, known, found, uow.clock.now())
    if len(known) + sum(one.slug not in known for one in decided.categories) > MOST_CATEGORIES:
        raise TooManyCategories(most=MOST_CATEGORIES)
    progress(decided.unchanged)
    await categories.put(decided.categories)
    progress(len(decided.categories))
    for start in range(0, len(decided.products), BATCH):
        batch = decided.products[start : start + BATCH]
        await products.put(batch)
        progress(len(batch))
    return decided
