"""Holds the verbs of categories: add, change, delete. Their caller commits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.edits import Edition
from shop.domain.categories import MOST_CATEGORIES, Category, Place, decide_change, decide_place
from shop.refusals import CategoryInUse, CategoryNotFound, TooManyCategories
from shop.repository import Categories


async def add_category(uow: UnitOfWork, new: Category) -> Category:
    """Store a new category.

    Raises the refusals of ``decide_place``, SlugTaken, and TooManyCategories.
    """
    categories = Categories(uow)
    await categories.lock_tree()
    if await categories.count() >= MOST_CATEGORIES:
        raise TooManyCategories(most=MOST_CATEGORIES)
    added = decide_place(new, await categories.place(new.id, new.parent_id))
    await categories.add(added)
    return added


async def change_category(
    uow: UnitOfWork, category_id: UUID, changes: Mapping[str, Any], edition: Edition
) -> Category:
    """Change a category whose version the edit accepts.

    Raises the refusals of ``decide_change``, SlugTaken, and EditStale.
    """
    categories = Categories(uow)
    await categories.lock_tree()  # an import stores categories as it has read them
    found = await categories.lock(category_id)
    if found is not None:
        edition.check(found.version)
    moves = "parent_id" in changes
    place = await categories.place(category_id, changes["parent_id"]) if moves else Place()
    changed = decide_change(found, changes, place, uow.clock.now())
    if changed != found:
        await categories.save(changed)
    return changed


async def delete_category(uow: UnitOfWork, category_id: UUID, edition: Edition) -> Category:
    """Delete a category that holds nothing; return it as it was.

    Raises CategoryNotFound, CategoryInUse, and EditStale.
    """
    categories = Categories(uow)
    await categories.lock_tree()
    found = await categories.lock_to_delete(category_id)
    if found is None:
        raise CategoryNotFound
    edition.check(found.version)
    products, below = await categories.holds(category_id)
    if products or below:
        raise CategoryInUse(products=products, categories=below)
    await categories.delete(category_id)
    return found
