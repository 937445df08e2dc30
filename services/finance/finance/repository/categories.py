"""Stores the categories of books; a book has few enough to be read as a whole."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Collection, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from finance.domain.categories import CategoryTree, CategoryType, FinanceCategory
from finance.domain.names import name_key
from finance.repository.batches import in_batches
from kit.db import Connection
from kit.span import Span

_ROW: Final = """
    id, user_id, name, type, colour, parent_id, version, created_at, updated_at
"""
_values = attrgetter(*_ROW.replace(",", " ").split())
_ADD: Final = f"""
INSERT INTO category ({_ROW}, name_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_SAVE: Final = """
UPDATE category SET name = $2, type = $3, colour = $4, parent_id = $5, version = $6,
    updated_at = $7, name_key = $8
WHERE id = $1
"""
_ALL: Final = f"SELECT {_ROW} FROM category WHERE user_id = $1"
_OF: Final = f"SELECT {_ROW} FROM category WHERE user_id = $1 AND id = ANY($2)"
_PAGE: Final = f"""
SELECT {_ROW}, name_key FROM category
WHERE user_id = $1 AND ($2::text IS NULL OR type = $2)
  AND ($3::timestamptz IS NULL OR created_at >= $3)
  AND ($4::timestamptz IS NULL OR created_at < $4)
  AND (left(name_key, 40), id) > ($5, coalesce($6, '00000000-0000-0000-0000-000000000000'::uuid))
ORDER BY left(name_key, 40), id LIMIT $7
"""
# What refers to a category by `category_id`, by what callers know it as.
_USES: Final[Mapping[str, str]] = {
    "transactions": "transaction",
    "splits": "split",
    "recurring": "recurring",
    "rules": "rule",
}
_COUNTS: Final = "SELECT " + ", ".join(
    (
        *(
            f"(SELECT count(*) FROM {table} WHERE category_id = $1) AS {name}"
            for name, table in _USES.items()
        ),
        "(SELECT count(*) FROM category WHERE parent_id = $1) AS categories",
    )
)
# What was read before the category went is stale afterwards.
_HAND_OVER: Final = """
UPDATE {table} SET category_id = $2, version = version + 1, updated_at = $3
WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE category_id = $1 LIMIT $4))
"""
_HAND_OVER_PARTS: Final = """
WITH part AS (SELECT ctid, transaction_id FROM split WHERE category_id = $1 LIMIT $4), whole AS (
    UPDATE transaction SET version = version + 1, updated_at = $3
    WHERE id = ANY(ARRAY(SELECT transaction_id FROM part)))
UPDATE split SET category_id = $2 WHERE ctid = ANY(ARRAY(SELECT ctid FROM part))
"""
_RAISE: Final = """
UPDATE category SET parent_id = $2, version = version + 1, updated_at = $3 WHERE parent_id = $1
"""


class FinanceCategories:
    """Stored categories; changes need a unit of work and the book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: FinanceCategory) -> None:
        """Store a new category."""
        await self._connection.execute(_ADD, *_values(new), name_key(new.name))

    async def save(self, changed: FinanceCategory) -> None:
        """Store a category as it is now."""
        await self._connection.execute(
            _SAVE,
            changed.id,
            changed.name,
            changed.type,
            changed.colour,
            changed.parent_id,
            changed.version,
            changed.updated_at,
            name_key(changed.name),
        )

    async def delete(self, category_id: UUID) -> None:
        """Delete a category that nothing refers to."""
        await self._connection.execute("DELETE FROM category WHERE id = $1", category_id)

    async def tree(self, user_id: UUID) -> CategoryTree:
        """Return all categories of a user."""
        return CategoryTree(map(_category, await self._connection.fetch(_ALL, user_id)))

    async def of(
        self, user_id: UUID, category_ids: Collection[UUID]
    ) -> dict[UUID, FinanceCategory]:
        """Return those of the named categories that are the user's."""
        if not category_ids:
            return {}
        rows = await self._connection.fetch(_OF, user_id, list(category_ids))
        return {row["id"]: _category(row) for row in rows}

    async def page(
        self,
        user_id: UUID,
        *,
        type: CategoryType | None,  # noqa: A002 - named as everywhere
        span: Span,
        after: tuple[int | str, UUID] | None,
        limit: int,
    ) -> list[FinanceCategory]:
        """Return a page of a user's categories in the order of their names."""
        rows = await self._connection.fetch(
            _PAGE, user_id, type, *span, *(after or ("", None)), limit
        )
        return [_category(row) for row in rows]

    async def uses(self, category_id: UUID) -> dict[str, int]:
        """Return how many of what refer to a category; what does not is left out."""
        [row] = await self._connection.fetch(_COUNTS, category_id)
        return {name: count for name, count in row.items() if count}

    async def hand_over(self, category: FinanceCategory, heir_id: UUID, now: datetime) -> None:
        """Give all that has a category another one; those in it go up to its parent."""
        for table in _USES.values():
            statement = _HAND_OVER_PARTS if table == "split" else _HAND_OVER.format(table=table)
            await in_batches(self._connection, statement, category.id, heir_id, now)
        await self._connection.execute(_RAISE, category.id, category.parent_id, now)


def _category(row: Any) -> FinanceCategory:
    values = dict(row)
    values.pop("name_key", None)
    values["type"] = CategoryType(values["type"])
    return FinanceCategory(**values)
