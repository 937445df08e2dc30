"""Stores categories; reads one, a page by name, or the tree around one."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from asyncpg import UniqueViolationError

from kit.db import Connection
from kit.ids import id_in
from shop.domain.categories import Category, CategoryPath, Place
from shop.domain.words import name_key
from shop.refusals import SlugTaken

_ROW: Final = "id, name, slug, parent_id, is_active, version, created_at, updated_at"
_values = attrgetter(*_ROW.split(", "))
_ADD: Final = f"""
INSERT INTO category ({_ROW}, name_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (slug) DO NOTHING RETURNING id
"""
_SAVE: Final = """
UPDATE category SET name = $2, slug = $3, parent_id = $4, is_active = $5, version = $6,
    updated_at = $7, name_key = $8
WHERE id = $1
"""
# Inactive categories, and all that are below them: neither they nor their products are shown.
CLOSED: Final = """
ARRAY(WITH RECURSIVE closed AS (
    SELECT id FROM category WHERE NOT is_active
    UNION SELECT below.id FROM category AS below JOIN closed ON below.parent_id = closed.id
) SELECT id FROM closed)
"""
_SHOWN: Final = f"(NOT $2 OR id <> ALL({CLOSED}))"
# An id goes before a slug, and a slug before a name, of which there may be several.
_FIND: Final = f"""
SELECT {_ROW} FROM category
WHERE (id = $1 OR slug = $3 OR (name_key = $4 AND name = $3)) AND {_SHOWN}
ORDER BY (id = $1) IS TRUE DESC, slug = $3 DESC, created_at, id LIMIT 1
"""
_LOCK: Final = f"SELECT {_ROW} FROM category WHERE id = $1 FOR NO KEY UPDATE"
_LOCK_TO_DELETE: Final = f"SELECT {_ROW} FROM category WHERE id = $1 FOR UPDATE"
_LOCK_SHARED: Final = "SELECT id FROM category WHERE id = $1 FOR KEY SHARE"
_PAGE: Final = f"""
SELECT {_ROW}, name_key FROM category
WHERE ($1::uuid IS NULL OR parent_id = $1) AND {_SHOWN}
  AND ($3::boolean IS NULL OR is_active = $3)
  AND (name_key, id) > ($4, coalesce($5, '00000000-0000-0000-0000-000000000000'::uuid))
ORDER BY name_key, id LIMIT $6
"""
_ABOVE: Final = """
WITH RECURSIVE above AS (
    SELECT id, parent_id, 1 AS level FROM category WHERE id = $1
    UNION ALL SELECT upper.id, upper.parent_id, level + 1 FROM category AS upper
        JOIN above ON upper.id = above.parent_id
) SELECT id FROM above ORDER BY level
"""
_BELOW: Final = """
WITH RECURSIVE below AS (
    SELECT id, 0 AS level FROM category WHERE id = $1
    UNION ALL SELECT lower.id, level + 1 FROM category AS lower
        JOIN below ON lower.parent_id = below.id
)
"""
_PATHS: Final = """
WITH RECURSIVE above AS (
    SELECT product.id AS product_id, category_id, category.slug, parent_id, 1 AS level
    FROM product JOIN category ON category.id = category_id WHERE product.id = ANY($1)
    UNION ALL SELECT product_id, category_id, upper.slug, upper.parent_id, level + 1
    FROM above JOIN category AS upper ON upper.id = above.parent_id
) SELECT product_id, category_id, array_agg(slug ORDER BY level) AS slugs
FROM above GROUP BY product_id, category_id
"""
_LEVELS_BELOW: Final = f"{_BELOW} SELECT coalesce(max(level), 0) FROM below"
BELOW: Final = f"ARRAY({_BELOW} SELECT id FROM below)"
_HOLDS: Final = """
SELECT (SELECT count(*) FROM product WHERE category_id = $1) AS products,
       (SELECT count(*) FROM category WHERE parent_id = $1) AS categories
"""
# Parents come before what is below them, so each row finds its parent stored.
_PUT: Final = f"""
INSERT INTO category ({_ROW}, name_key)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::boolean[], $6::int[],
    $7::timestamptz[], $8::timestamptz[], $9::text[])
ON CONFLICT (id) DO UPDATE SET name = excluded.name, parent_id = excluded.parent_id,
    is_active = excluded.is_active, version = excluded.version, updated_at = excluded.updated_at,
    name_key = excluded.name_key
"""
# Whoever changes the tree is alone with it, so that two changes can't make a circle of it.
_LOCK_TREE: Final = "SELECT pg_advisory_xact_lock(hashtext('shop.categories'))"


class Categories:
    """Stored categories; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock_tree(self) -> None:
        """Keep others from changing the tree until the unit of work ends."""
        await self._connection.execute(_LOCK_TREE)

    async def count(self) -> int:
        """Return how many there are."""
        return int(await self._connection.fetchval("SELECT count(*) FROM category"))

    async def all(self) -> list[Category]:
        """Return every category, in the order of their ids."""
        rows = await self._connection.fetch(f"SELECT {_ROW} FROM category ORDER BY id")
        return [Category(**row) for row in rows]

    async def put(self, categories: Sequence[Category]) -> None:
        """Store new categories, and others as they are now; the tree must be locked.

        Raises:
            SlugTaken: another one has a new one's slug.
        """
        if not categories:
            return
        rows = [(*_values(one), name_key(one.name)) for one in categories]
        try:
            await self._connection.execute(_PUT, *zip(*rows, strict=True))
        except UniqueViolationError:
            raise SlugTaken from None

    async def add(self, new: Category) -> None:
        """Store a new category.

        Raises:
            SlugTaken: another one has its slug.
        """
        stored = await self._connection.fetchval(_ADD, *_values(new), name_key(new.name))
        if stored is None:
            raise SlugTaken

    async def find(self, named: str, *, shown_only: bool) -> Category | None:
        """Return a category by its id, its slug, or its name; of several the oldest.

        ``shown_only`` leaves out what is inactive, or below what is.
        """
        row = await self._connection.fetchrow(
            _FIND, id_in(named), shown_only, named, name_key(named)
        )
        return None if row is None else Category(**row)

    async def lock(self, category_id: UUID) -> Category | None:
        """Return a category, locked until the unit of work ends."""
        row = await self._connection.fetchrow(_LOCK, category_id)
        return None if row is None else Category(**row)

    async def lock_to_delete(self, category_id: UUID) -> Category | None:
        """Return a category, locked also against what is being put into it."""
        row = await self._connection.fetchrow(_LOCK_TO_DELETE, category_id)
        return None if row is None else Category(**row)

    async def lock_shared(self, category_id: UUID) -> bool:
        """Tell whether a category exists; nobody deletes it until the unit of work ends."""
        return await self._connection.fetchval(_LOCK_SHARED, category_id) is not None

    async def save(self, changed: Category) -> None:
        """Store a locked category as it is now.

        Raises:
            SlugTaken: another one has its slug.
        """
        try:
            await self._connection.execute(
                _SAVE,
                changed.id,
                changed.name,
                changed.slug,
                changed.parent_id,
                changed.is_active,
                changed.version,
                changed.updated_at,
                name_key(changed.name),
            )
        except UniqueViolationError:
            raise SlugTaken from None

    async def delete(self, category_id: UUID) -> None:
        """Delete a locked category that holds nothing."""
        await self._connection.execute("DELETE FROM category WHERE id = $1", category_id)

    async def holds(self, category_id: UUID) -> tuple[int, int]:
        """Return how many products and categories stand directly in a category."""
        [row] = await self._connection.fetch(_HOLDS, category_id)
        return row["products"], row["categories"]

    async def place(self, category_id: UUID, parent_id: UUID | None) -> Place:
        """Return where a category would stand below a parent; the tree must be locked."""
        above = await self._connection.fetch(_ABOVE, parent_id)
        levels = await self._connection.fetchval(_LEVELS_BELOW, category_id)
        return Place([row["id"] for row in above], int(levels))

    async def paths(self, product_ids: Iterable[UUID]) -> dict[UUID, CategoryPath]:
        """Return where products stand; one without a category, or gone, is missing."""
        rows = await self._connection.fetch(_PATHS, list(product_ids))
        return {
            row["product_id"]: CategoryPath(row["category_id"], tuple(row["slugs"])) for row in rows
        }

    async def page(
        self,
        parent_id: UUID | None,
        *,
        is_active: bool | None,
        shown_only: bool,
        after: tuple[int | str, UUID] | None,
        limit: int,
    ) -> list[tuple[Category, str]]:
        """Return a page in the order of names, each category with its sort key.

        Args:
            parent_id: Only those right below it; None: all.
            is_active: Only active ones, only inactive ones, or None: both.
            shown_only: Without what is below an inactive one.
            after: Sort key and id of what the page before ended with.
            limit: How many at most.
        """
        rows = await self._connection.fetch(
            _PAGE, parent_id, shown_only, is_active, *(after or ("", None)), limit
        )
        return [_with_key(row) for row in rows]


def _with_key(row: Any) -> tuple[Category, str]:
    values = dict(row)
    key = values.pop("name_key")
    return Category(**values), key
