"""Stores the rules that sort transactions."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from finance.domain.feed.rules import CategoryRule
from kit.db import Connection
from kit.span import Span

_OWN: Final = """id, user_id, place, category_id, tags, payee_id, service_id, product_category,
    kind, words, amount_min_minor, amount_max_minor, currency, account_id, version, created_at,
    updated_at"""
_NAMES: Final = [name.strip() for name in _OWN.split(",")]
_values = attrgetter(*_NAMES)
_ROW: Final = f"{', '.join(f'rule.{name}' for name in _NAMES)}, category.type"
_FROM: Final = "FROM rule JOIN category ON category.id = category_id"
_OF: Final = f"SELECT {_ROW} {_FROM} WHERE rule.user_id = ANY($1) ORDER BY place, rule.id"
_FIND: Final = f"SELECT {_ROW} {_FROM} WHERE rule.user_id = $1 AND rule.id = $2"
_PAGE: Final = f"""
SELECT {_ROW} {_FROM} WHERE rule.user_id = $1 AND (place, rule.id) > ($2, $3)
  AND ($4::timestamptz IS NULL OR rule.created_at >= $4)
  AND ($5::timestamptz IS NULL OR rule.created_at < $5)
ORDER BY place, rule.id LIMIT $6
"""
_NEXT: Final = """
SELECT count(*) AS rules, coalesce(max(place), 0) AS last FROM rule WHERE user_id = $1
"""
_ADD: Final = f"""
INSERT INTO rule ({_OWN}) VALUES ({", ".join(f"${at}" for at, _ in enumerate(_NAMES, 1))})
"""
_SAVE: Final = f"""
UPDATE rule SET ({", ".join(_NAMES[2:])}) = ({", ".join(f"${at}" for at in range(3, 18))})
WHERE id = $1 AND user_id = $2
"""
_DELETE: Final = "DELETE FROM rule WHERE user_id = $1 AND id = $2"


class Rules:
    """Stored rules; changes need a unit of work and their book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, user_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[CategoryRule]]:
        """Return each owner's rules in their order; an owner without any is missing."""
        found = defaultdict[UUID, list[CategoryRule]](list)
        for row in await self._connection.fetch(_OF, list(user_ids)):
            found[row["user_id"]].append(_rule(row))
        return found

    async def find(self, user_id: UUID, rule_id: UUID) -> CategoryRule | None:
        """Return a rule of somebody's."""
        row = await self._connection.fetchrow(_FIND, user_id, rule_id)
        return None if row is None else _rule(row)

    async def page(
        self, user_id: UUID, after: tuple[int | str, UUID] | None, limit: int, span: Span
    ) -> list[CategoryRule]:
        """Return rules in their order, after a place and an id, made within a span."""
        place, rule_id = after or (0, UUID(int=0))
        rows = await self._connection.fetch(_PAGE, user_id, place, rule_id, *span, limit)
        return [_rule(row) for row in rows]

    async def count(self, user_id: UUID) -> tuple[int, int]:
        """Return how many rules somebody has, and the place of the last; 0 where none."""
        [row] = await self._connection.fetch(_NEXT, user_id)
        return row["rules"], row["last"]

    async def add(self, new: CategoryRule) -> None:
        """Store a new rule."""
        await self._connection.execute(_ADD, *_values(new))

    async def save(self, changed: CategoryRule) -> None:
        """Store a rule as it is now."""
        await self._connection.execute(_SAVE, *_values(changed))

    async def delete(self, user_id: UUID, rule_id: UUID) -> bool:
        """Delete a rule; tell whether there was one."""
        return await self._connection.execute(_DELETE, user_id, rule_id) == 1


def _rule(row: Any) -> CategoryRule:
    return CategoryRule(**{**row, "tags": tuple(row["tags"])})
