"""Stores budgets, adds up what was spent, and notes which notices were sent.

Their book is locked before they are written, so they need no locks of their own.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from finance.domain.dates.calendar import months_later
from finance.domain.reports.budgets import Budget, BudgetAlert, Grant, Spent, Standing, standing
from finance.refusals import BudgetExists
from kit.db import Connection

_ROW: Final = (
    "id, user_id, category_id, currency, month, amount_minor, is_carried, version,"
    " created_at, updated_at"
)
_values = attrgetter(*_ROW.split(", "))
_ADD: Final = f"""
INSERT INTO budget ({_ROW}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (category_id, currency, month) DO NOTHING RETURNING id
"""
_SAVE: Final = """
UPDATE budget SET amount_minor = $2, is_carried = $3, version = $4, updated_at = $5 WHERE id = $1
"""
_FIND: Final = f"SELECT {_ROW} FROM budget WHERE id = $1 AND user_id = $2"
_UNTIL: Final = f"""
SELECT {_ROW} FROM budget WHERE user_id = $1 AND month <= $2
ORDER BY category_id, currency, month
"""
# What is spent on a category is spent on all above it.
_CONCERNED: Final = f"""
WITH RECURSIVE above AS (
    SELECT category_id, month
    FROM unnest($1::uuid[], $2::date[]) AS spent (category_id, month)
    UNION SELECT category.parent_id, month FROM category JOIN above ON category.id = category_id
    WHERE category.parent_id IS NOT NULL
)
SELECT above.month AS spent_in, {", ".join(f"budget.{name}" for name in _ROW.split(", "))}
FROM above JOIN budget USING (category_id) WHERE budget.month <= above.month
ORDER BY budget.user_id, above.category_id, budget.currency, above.month, budget.month
"""
_SPENT: Final = """
SELECT date, amount_minor FROM transaction
WHERE category_id = below.category_id AND currency = asked.currency
    AND date >= asked.since AND date < asked.until AND amount_minor < 0
UNION ALL
SELECT date, amount_minor FROM split
WHERE category_id = below.category_id AND currency = asked.currency
    AND date >= asked.since AND date < asked.until AND amount_minor < 0
"""
# Expense is stored negative.
_USED: Final = f"""
WITH RECURSIVE asked AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::date[])
        WITH ORDINALITY AS grants (category_id, currency, since, month, until, place)
), below AS (
    SELECT place, category_id FROM asked
    UNION ALL SELECT place, category.id
        FROM below JOIN category ON category.parent_id = below.category_id
)
SELECT coalesce(-sum(amount_minor) FILTER (WHERE date < month), 0) AS earlier,
    coalesce(-sum(amount_minor) FILTER (WHERE date >= month), 0) AS used
FROM asked JOIN below USING (place) LEFT JOIN LATERAL ({_SPENT}) AS spent ON true
GROUP BY place ORDER BY place
"""
_NAMES: Final = "SELECT id, name FROM category WHERE id = ANY($1)"
_NOTE: Final = """
INSERT INTO budget_alert (budget_id, month, threshold)
SELECT budget_id, month, threshold
FROM unnest($1::uuid[], $2::date[], $3::int[]) AS alert (budget_id, month, threshold)
ON CONFLICT DO NOTHING RETURNING budget_id, month, threshold
"""


class Budgets:
    """Stored budgets; changes need a unit of work and the book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self, user_id: UUID) -> int:
        """Return how many budgets somebody has set."""
        return int(
            await self._connection.fetchval(
                "SELECT count(*) FROM budget WHERE user_id = $1", user_id
            )
        )

    async def count_on(self, category_id: UUID) -> int:
        """Return how many budgets a category has."""
        counted = "SELECT count(*) FROM budget WHERE category_id = $1"
        return int(await self._connection.fetchval(counted, category_id))

    async def add(self, new: Budget) -> None:
        """Store a new budget.

        Raises:
            BudgetExists: its category has one of this currency from this month on.
        """
        if await self._connection.fetchval(_ADD, *_values(new)) is None:
            raise BudgetExists

    async def find(self, user_id: UUID, budget_id: UUID) -> Budget | None:
        """Return one of somebody's budgets."""
        row = await self._connection.fetchrow(_FIND, budget_id, user_id)
        return None if row is None else Budget(**row)

    async def save(self, changed: Budget) -> None:
        """Store what may change of a budget."""
        await self._connection.execute(
            _SAVE,
            changed.id,
            changed.amount_minor,
            changed.is_carried,
            changed.version,
            changed.updated_at,
        )

    async def delete(self, budget_id: UUID) -> None:
        """Delete a budget, with the notes of its notices."""
        await self._connection.execute("DELETE FROM budget WHERE id = $1", budget_id)

    async def until(self, user_id: UUID, month: date) -> list[Budget]:
        """Return somebody's budgets that begin in a month or before, line by line."""
        rows = await self._connection.fetch(_UNTIL, user_id, month)
        return [Budget(**row) for row in rows]

    async def concerned(self, spent: Collection[Spent]) -> list[tuple[date, Budget]]:
        """Return the budgets that what was spent counts in, each with its month.

        Line by line, for each month.
        """
        rows = await self._connection.fetch(
            _CONCERNED, [one.category_id for one in spent], [one.month for one in spent]
        )
        return [_with_month(row) for row in rows]

    async def standings(self, grants: Sequence[Grant]) -> list[Standing]:
        """Return how budgets stand, in the order of what is granted."""
        if not grants:
            return []
        rows = await self._connection.fetch(
            _USED,
            [grant.budget.category_id for grant in grants],
            [grant.budget.currency for grant in grants],
            [grant.since for grant in grants],
            [grant.month for grant in grants],
            [months_later(grant.month, 1) for grant in grants],
        )
        return [
            standing(grant, int(row["earlier"]), int(row["used"]))
            for grant, row in zip(grants, rows, strict=True)
        ]

    async def categories(self, budgets: Iterable[Budget]) -> dict[UUID, str]:
        """Return what the categories of budgets are called."""
        rows = await self._connection.fetch(_NAMES, [one.category_id for one in budgets])
        return {row["id"]: row["name"] for row in rows}

    async def note(self, alerts: Iterable[BudgetAlert]) -> set[BudgetAlert]:
        """Note notices that are to be sent; return those that have not been sent before."""
        by_key = {(one.budget.id, one.month, one.threshold): one for one in alerts}
        columns = (list(column) for column in zip(*by_key, strict=True))
        rows = await self._connection.fetch(_NOTE, *columns)
        return {by_key[row["budget_id"], row["month"], row["threshold"]] for row in rows}


def _with_month(row: Any) -> tuple[date, Budget]:
    values = dict(row)
    month = values.pop("spent_in")
    return month, Budget(**values)
