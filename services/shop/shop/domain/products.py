"""Defines a product, and decides how one may be changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

from kit.span import ALWAYS, Span
from shop.refusals import ProductNotFound, StockOutOfRange

MOST_STOCK: Final = 1_000_000_000


class Sort(Enum):
    """Names the orders of a list of products."""

    NEWEST = "newest"
    CHEAPEST = "price"
    DEAREST = "-price"
    NAME = "name"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something that is sold.

    Attributes:
        price_minor: What one of it costs, in minor units of ``currency``.
        stock: How many can be ordered now; what orders have reserved is not among them.
        is_active: Whether it is shown and sold.
        version: 1, then one more with each edit; orders do not count.
    """

    id: UUID
    name: str
    slug: str
    description: str | None
    price_minor: int
    currency: str
    stock: int
    category_id: UUID | None
    is_active: bool
    attributes: Mapping[str, Any]
    picture_url: str | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Which products a list holds; None is no condition.

    Attributes:
        category_id: In this category or below it.
        words: All of these words, or words that begin with them.
        price_min: In minor units, as ``price_max``; then ``currency`` is given.
        is_active: Whether only active products in active categories, or only the others.
        span: When they were added.
    """

    ids: Sequence[UUID] | None = None
    category_id: UUID | None = None
    words: tuple[str, ...] | None = None
    currency: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool | None = None
    is_active: bool | None = True
    span: Span = ALWAYS
    sort: Sort = Sort.NEWEST


def is_same(one: Product, other: Product) -> bool:
    """Tell whether two products are the same; of facts, true is not 1."""
    return one == other and all(
        type(fact) is type(other.attributes[name]) for name, fact in one.attributes.items()
    )


def decide_change(found: Product | None, changes: Mapping[str, Any], now: datetime) -> Product:
    """Return the changed product, or raise the first refusal that applies.

    ``stock_change`` among the changes is added to the stock. An edit that changes nothing leaves
    the version.
    """
    if found is None:
        raise ProductNotFound
    changes = dict(changes)
    added = changes.pop("stock_change", 0)
    changed = replace(found, **changes)
    changed = replace(changed, stock=changed.stock + added)
    if not 0 <= changed.stock <= MOST_STOCK:
        raise StockOutOfRange(most=MOST_STOCK)
    if is_same(changed, found):
        return found
    return replace(changed, version=found.version + 1, updated_at=now)
