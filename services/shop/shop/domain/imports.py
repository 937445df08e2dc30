"""Decides what an import changes in the catalogue: all of it, or nothing.

Rows name categories and products by their slugs. What a row does not say stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import eq
from typing import Any, Final, Literal, NamedTuple, TypeVar, cast
from uuid import UUID

from kit.ids import new_id
from shop.domain.categories import DEEPEST, Category
from shop.domain.products import Product, is_same

RowReason = Literal["repeated", "unknown_category", "cycle", "too_deep", "other_currency"]
_NEW: Final[Mapping[str, Any]] = {"is_active": True}
_NEW_PRODUCT: Final[Mapping[str, Any]] = {
    **_NEW,
    "description": None,
    "stock": 0,
    "category_id": None,
    "attributes": {},
    "picture_url": None,
}
Imported = TypeVar("Imported", Category, Product)


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """A row of an import: a category or a product, and the facts that it names.

    Attributes:
        category: The slug of the category that it stands in; None: not said.
        facts: Fields of ``Category`` or ``Product`` by name.
    """

    kind: Literal["category", "product"]
    slug: str
    category: str | None
    facts: Mapping[str, Any]


class RowFault(NamedTuple):
    """What is wrong with a row, by its place among the rows, from 0."""

    row: int
    column: str
    reason: RowReason


@dataclass(frozen=True, slots=True)
class CatalogueImport:
    """What is to be stored of an import; nothing of it where there are faults.

    Attributes:
        categories: New and changed ones, each after the one that it stands in.
        products: New and changed ones.
        created: How many of both are new.
        unchanged: How many rows said what was so already.
    """

    categories: Sequence[Category]
    products: Sequence[Product]
    created: int
    unchanged: int
    faults: Sequence[RowFault]


def decide_import(
    rows: Sequence[CatalogueRow],
    categories: Mapping[str, Category],
    products: Mapping[str, Product],
    now: datetime,
) -> CatalogueImport:
    """Return what an import changes, or what is wrong with its rows.

    Args:
        rows: The rows; a category may be named before its own row.
        categories: All categories that there are, by slug.
        products: Those that the rows name, by slug.
        now: When.
    """
    faults = list(_repeated(rows))
    tree = {slug: one.id for slug, one in categories.items()}
    tree |= {row.slug: new_id() for row in rows if row.kind == "category" and row.slug not in tree}
    faults += [
        RowFault(place, "category", "unknown_category")
        for place, row in enumerate(rows)
        if row.category is not None and row.category not in tree
    ]
    if faults:
        return CatalogueImport((), (), 0, 0, sorted(faults))
    made = [_made(row, categories, products, tree, now) for row in rows]
    faults = [
        *_misplaced(made, categories),
        *(
            RowFault(place, "currency", "other_currency")
            for place, (row, one) in enumerate(zip(rows, made, strict=True))
            if isinstance(one, Product)
            and row.slug in products
            and products[row.slug].currency != one.currency
        ),
    ]
    if faults:
        return CatalogueImport((), (), 0, 0, sorted(faults))
    before: dict[UUID, Category | Product] = {one.id: one for one in categories.values()}
    before |= {one.id: one for one in products.values()}
    stored = [one for one in made if one is not before.get(one.id)]
    return CatalogueImport(
        _parents_first([one for one in stored if isinstance(one, Category)]),
        [one for one in stored if isinstance(one, Product)],
        created=sum(one.id not in before for one in stored),
        unchanged=len(made) - len(stored),
        faults=(),
    )


def _repeated(rows: Sequence[CatalogueRow]) -> Iterator[RowFault]:
    seen = set()
    for place, row in enumerate(rows):
        if (row.kind, row.slug) in seen:
            yield RowFault(place, "slug", "repeated")
        seen.add((row.kind, row.slug))


def _made(
    row: CatalogueRow,
    categories: Mapping[str, Category],
    products: Mapping[str, Product],
    tree: Mapping[str, UUID],
    now: datetime,
) -> Category | Product:
    facts = dict(row.facts)
    if row.kind == "category":
        if row.category is not None:
            facts["parent_id"] = tree[row.category]
        found = categories.get(row.slug)
        if found is not None:
            return _changed(found, facts, now, eq)
        given = {**_NEW, "parent_id": None, **facts}
        return Category(
            id=tree[row.slug], slug=row.slug, version=1, created_at=now, updated_at=now, **given
        )
    if row.category is not None:
        facts["category_id"] = tree[row.category]
    known = products.get(row.slug)
    if known is not None:
        return _changed(known, facts, now, is_same)
    given = {**_NEW_PRODUCT, **facts}
    return Product(id=new_id(), slug=row.slug, version=1, created_at=now, updated_at=now, **given)


def _changed(
    found: Imported,
    facts: Mapping[str, Any],
    now: datetime,
    same: Callable[[Imported, Imported], bool],
) -> Imported:
    changed = replace(found, **facts)
    if same(changed, found):
        return found
    return replace(changed, version=found.version + 1, updated_at=now)


def _misplaced(
    made: Sequence[Category | Product],
    categories: Mapping[str, Category],
) -> Iterator[RowFault]:
    """Yield rows that make a category its own ancestor, or the tree too deep.

    A category that no row names may stand too deep by the row of one above it: then that row is
    wrong, the nearest. What hangs below a circle is right, once the circle is broken.
    """
    named = {one.id: place for place, one in enumerate(made) if isinstance(one, Category)}
    parents = {one.id: one.parent_id for one in categories.values()}
    parents |= {one.id: one.parent_id for one in made if isinstance(one, Category)}
    levels: dict[UUID | None, int] = {None: 0}  # each is worked out once, however long a line is
    blamed: set[int] = set()
    for category_id in parents:
        line: dict[UUID, None] = {}
        above: UUID | None = category_id
        while above is not None and above not in levels and above not in line:
            line[above] = None
            above = parents[above]
        circle = [*line][[*line].index(above) :] if above in line else []
        for one in circle:
            if one in named:
                yield RowFault(named[one], "category", "cycle")
        levels |= dict.fromkeys(circle, 0)
        for one in reversed([one for one in line if one not in levels]):
            levels[one] = levels[parents[one]] + 1
            if levels[one] > DEEPEST and (place := _nearest(one, parents, named)) not in blamed:
                blamed.add(place)
                yield RowFault(place, "category", "too_deep")


def _nearest(
    category_id: UUID, parents: Mapping[UUID, UUID | None], named: Mapping[UUID, int]
) -> int:
    """Return the place of a category's row, or of the nearest row above it."""
    while category_id not in named:
        category_id = cast("UUID", parents[category_id])
    return named[category_id]


def _parents_first(categories: Sequence[Category]) -> list[Category]:
    """Return categories in an order in which none comes before its parent."""
    waiting = {one.id: one for one in categories}
    ordered: list[Category] = []

    def add(one: Category) -> None:
        if waiting.pop(one.id, None) is None:
            return
        if one.parent_id in waiting:
            add(waiting[one.parent_id])
        ordered.append(one)

    for one in categories:
        add(one)
    return ordered
