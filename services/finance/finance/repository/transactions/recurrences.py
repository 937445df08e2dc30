"""Stores what recurs, and finds what is due.

Their book is locked, so the entries are not.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from finance.domain.transactions.recurrences import Every, Recurrence
from finance.domain.transactions.transactions import TransactionType
from kit.db import Connection
from kit.ids import LAST_ID
from kit.span import Span

_COLUMNS: Final = """
    id, user_id, account_id, category_id, type, amount_minor, description, tags, every, "interval",
    anchor_day, next_date, end_date, is_active, version, created_at, updated_at
"""
_NAMES: Final = _COLUMNS.replace(",", " ").split()
_ROW: Final = ", ".join((*(f"recurring.{name}" for name in _NAMES), "account.currency"))
_FROM: Final = "recurring JOIN account ON account.id = account_id"
_values = attrgetter(*(name.strip('"') for name in _NAMES))
_ADD: Final = f"""
INSERT INTO recurring ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
_SAVE: Final = """
UPDATE recurring SET account_id = $2, category_id = $3, type = $4, amount_minor = $5,
    description = $6, tags = $7, every = $8, "interval" = $9, anchor_day = $10, next_date = $11,
    end_date = $12, is_active = $13, version = $14, updated_at = $15
WHERE id = $1
"""
_saved = attrgetter(
    "id",
    "account_id",
    "category_id",
    "type",
    "amount_minor",
    "description",
    "tags",
    "every",
    "interval",
    "anchor_day",
    "next_date",
    "end_date",
    "is_active",
    "version",
    "updated_at",
)
_FIND: Final = f"SELECT {_ROW} FROM {_FROM} WHERE recurring.user_id = $1 AND recurring.id = $2"
_PAGE: Final = f"""
SELECT {_ROW} FROM {_FROM}
WHERE recurring.user_id = $1
  AND (recurring.created_at, recurring.id) < (coalesce($2, 'infinity'::timestamptz), $3)
  AND ($4::timestamptz IS NULL OR recurring.created_at >= $4)
  AND ($5::timestamptz IS NULL OR recurring.created_at < $5)
ORDER BY recurring.created_at DESC, recurring.id DESC LIMIT $6
"""
# Somewhere it is already tomorrow; the day that counts is that of the book's zone.
_IS_DUE: Final = """
is_active AND next_date <= ($1::timestamptz AT TIME ZONE 'UTC')::date + 1
AND next_date <= least(end_date, ($1::timestamptz AT TIME ZONE time_zone)::date)
"""
_DUE: Final = f"""
SELECT DISTINCT recurring.user_id FROM recurring JOIN book USING (user_id)
WHERE {_IS_DUE} AND recurring.user_id > $2 ORDER BY recurring.user_id LIMIT $3
"""
_DUE_OF: Final = f"""
SELECT {_ROW} FROM {_FROM} JOIN book ON book.user_id = recurring.user_id
WHERE {_IS_DUE} AND recurring.user_id = $2 ORDER BY recurring.id
"""
_BOOKED: Final = """
SELECT transaction.recurring_id, due_date
FROM unnest($1::uuid[], $2::date[]) AS entry (recurring_id, next_date)
JOIN transaction USING (recurring_id) WHERE due_date >= next_date
"""


class Recurrences:
    """Stored recurring entries; changes need a unit of work and the book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Recurrence) -> None:
        """Store a new entry."""
        await self._connection.execute(_ADD, *_values(new))

    async def save(self, changed: Collection[Recurrence]) -> None:
        """Store entries as they are now."""
        await self._connection.executemany(_SAVE, [_saved(one) for one in changed])

    async def delete(self, recurring_id: UUID) -> None:
        """Delete an entry; what it has booked stays."""
        await self._connection.execute("DELETE FROM recurring WHERE id = $1", recurring_id)

    async def find(self, user_id: UUID, recurring_id: UUID) -> Recurrence | None:
        """Return an entry if it is the user's."""
        row = await self._connection.fetchrow(_FIND, user_id, recurring_id)
        return None if row is None else _entry(row)

    async def count(self, user_id: UUID) -> int:
        """Return how many entries a user has."""
        counted = "SELECT count(*) FROM recurring WHERE user_id = $1"
        return int(await self._connection.fetchval(counted, user_id))

    async def page(
        self, user_id: UUID, after: tuple[datetime, UUID] | None, limit: int, span: Span
    ) -> list[Recurrence]:
        """Return a page of a user's entries, newest first."""
        created_at, last_id = after or (None, LAST_ID)
        rows = await self._connection.fetch(_PAGE, user_id, created_at, last_id, *span, limit)
        return [_entry(row) for row in rows]

    async def owners_due(self, now: datetime, after: UUID, limit: int) -> list[UUID]:
        """Return users who have something due, in the order of their ids, after one."""
        rows = await self._connection.fetch(_DUE, now, after, limit)
        return [row["user_id"] for row in rows]

    async def due_of(self, user_id: UUID, now: datetime) -> list[Recurrence]:
        """Return what is due of one user, in the zone of the book."""
        return [_entry(row) for row in await self._connection.fetch(_DUE_OF, now, user_id)]

    async def booked(self, entries: Sequence[Recurrence]) -> Mapping[UUID, Collection[date]]:
        """Return the days of entries that are booked, from their next days on."""
        found = defaultdict[UUID, set[date]](set)
        ids, days = [one.id for one in entries], [one.next_date for one in entries]
        for row in await self._connection.fetch(_BOOKED, ids, days):
            found[row["recurring_id"]].add(row["due_date"])
        return found


def _entry(row: Any) -> Recurrence:
    values = dict(row)
    values["type"] = TransactionType(values["type"])
    values["every"] = Every(values["every"])
    values["tags"] = tuple(values["tags"])
    return Recurrence(**values)
