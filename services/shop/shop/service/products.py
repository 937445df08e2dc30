"""Holds the verbs of products: add, change, delete. Their caller commits."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.edits import Edition
from shop.domain.products import Product, decide_change
from shop.refusals import ProductCategoryNotFound, ProductNotFound
from shop.repository import Categories, Products


async def add_product(uow: UnitOfWork, new: Product) -> Product:
    """Store a new product.

    Raises ProductCategoryNotFound and SlugTaken.
    """
    await _require_category(uow, new.category_id)
    await Products(uow).add(new)
    return new


async def change_product(
    uow: UnitOfWork, product_id: UUID, changes: Mapping[str, Any], edition: Edition
) -> Product:
    """Change a product whose version the edit accepts.

    Only an edit that sets the stock minds what has been ordered meanwhile. Raises the refusals of
    ``decide_change``, ProductCategoryNotFound, SlugTaken, and EditStale.
    """
    products = Products(uow)
    found = await products.lock(product_id)
    if found is not None:
        edition.check(found.version, *([found.stock] if "stock" in changes else []))
        await _require_category(uow, changes.get("category_id"))
    changed = decide_change(found, changes, uow.clock.now())
    if changed is not found:
        await products.save(changed)
    return changed


async def delete_product(uow: UnitOfWork, product_id: UUID, edition: Edition) -> Product:
    """Delete a product; return it as it was.

    Raises ProductNotFound and EditStale.
    """
    products = Products(uow)
    found = await products.lock(product_id)
    if found is None:
        raise ProductNotFound
    edition.check(found.version)
    await products.delete(product_id)
    return found


async def _require_category(uow: UnitOfWork, category_id: UUID | None) -> None:
    """Require that a named category exists, and stays until the unit of work ends."""
    if category_id is not None and not await Categories(uow).lock_shared(category_id):
        raise ProductCategoryNotFound
