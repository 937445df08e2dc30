"""Defines a category, and decides how one may be changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shop.refusals import CategoryCycle, CategoryNotFound, CategoryTooDeep, ParentNotFound

DEEPEST: Final = 8  # levels of a tree of categories
MOST_CATEGORIES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of products; what is in it is also in its parent.

    Attributes:
        is_active: Whether its products, and those below it, are shown.
        version: 1, then one more with each edit.
    """

    id: UUID
    name: str
    slug: str
    parent_id: UUID | None
    is_active: bool
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a category would stand.

    Attributes:
        above: Its parent and the parent's parents, the nearest first; empty at the top.
        levels_below: How many levels of categories it has below itself.
    """

    above: Sequence[UUID] = ()
    levels_below: int = 0


@dataclass(frozen=True, slots=True)
class CategoryPath:
    """Where a product stands: its category, and the slugs from there up to the root."""

    category_id: UUID | None
    slugs: tuple[str, ...]


def decide_place(category: Category, place: Place) -> Category:
    """Return a category that may stand where its parent is.

    Raises:
        ParentNotFound: there is no such parent.
        CategoryCycle: it would be its own ancestor.
        CategoryTooDeep: the tree would have more levels than eight.
    """
    if category.parent_id is None:
        return category
    if not place.above:
        raise ParentNotFound
    if category.id in place.above:
        raise CategoryCycle
    if len(place.above) + 1 + place.levels_below > DEEPEST:
        raise CategoryTooDeep(most=DEEPEST)
    return category


def decide_change(
    found: Category | None, changes: Mapping[str, Any], place: Place, now: datetime
) -> Category:
    """Return the changed category, or raise the first refusal that applies.

    An edit that changes nothing leaves the version.
    """
    if found is None:
        raise CategoryNotFound
    changed = replace(found, **changes)
    if changed == found:
        return found
    changed = replace(changed, version=found.version + 1, updated_at=now)
    return decide_place(changed, place) if "parent_id" in changes else changed
