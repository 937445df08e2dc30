"""Reads what rules may sort of the past, and stores what they make of it."""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from contracts.wallet import SHOP
from finance.domain.feed.categorisation import SortedRow, SortingChange
from finance.repository.transactions.splits import SplitRow, add_splits
from kit.db import Connection
from kit.ids import LAST_ID

_ROW: Final = """
    id, user_id, account_id, type, amount_minor, currency, description, date, tags, movement_kind,
    reference, counterparty_id, purpose, category_id,
    CASE WHEN is_split THEN (
        SELECT jsonb_agg(jsonb_build_array(category_id, amount_minor, description)
                         ORDER BY position)
        FROM split WHERE transaction_id = transaction.id) ELSE '[]' END
"""
_SORTABLE: Final = """
    type <> 'transfer' AND NOT is_category_own
    AND (origin = 'wallet' OR (category_id IS NULL AND NOT is_split))
"""
# The page ends after so many rows, sortable or not, so that it costs the same wherever it is.
_PAGE: Final = f"""
SELECT {_ROW} FROM transaction
WHERE user_id = $1 AND (date, id) < ($2, $3) AND (date, id) >= ($4, $5) AND {_SORTABLE}
ORDER BY date DESC, id DESC
"""
_END: Final = """
SELECT date, id FROM transaction WHERE user_id = $1 AND (date, id) < ($2, $3)
ORDER BY date DESC, id DESC OFFSET $4 LIMIT 1
"""
_PAID_BY: Final = f"""
SELECT {_ROW} FROM transaction
WHERE reference = ANY($1) AND counterparty_id = '{SHOP}'::uuid AND {_SORTABLE}
"""
_SAVE: Final = """
UPDATE transaction SET category_id = given.category_id, is_split = given.is_split,
    tags = ARRAY(SELECT jsonb_array_elements_text(given.tags)), version = transaction.version + 1,
    updated_at = $5
FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::jsonb[])
    AS given (id, category_id, is_split, tags)
WHERE transaction.id = given.id
"""
_UNSPLIT: Final = "DELETE FROM split WHERE transaction_id = ANY($1)"

RowPlace = tuple[date, UUID]
NEWEST: Final[RowPlace] = (date.max, LAST_ID)
OLDEST: Final[RowPlace] = (date.min, UUID(int=0))


class SortedRows:
    """Stored transactions as rules see them; changes need their book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(
        self, user_id: UUID, before: RowPlace, limit: int
    ) -> tuple[Sequence[SortedRow], RowPlace | None]:
        """Return what may be sorted of the next older transactions, and where they end.

        The end is None where there are no older ones.
        """
        end = await self._connection.fetchrow(_END, user_id, *before, limit - 1)
        first = OLDEST if end is None else (end["date"], end["id"])
        rows = await self._connection.fetch(_PAGE, user_id, *before, *first)
        return [SortedRow(*row) for row in rows], None if end is None else first

    async def paid_by(self, payment_ids: Collection[str]) -> list[SortedRow]:
        """Return what may be sorted of the movements that have paid the shop."""
        rows = await self._connection.fetch(_PAID_BY, list(payment_ids))
        return [SortedRow(*row) for row in rows]

    async def save(self, changed: Sequence[SortingChange], now: datetime) -> None:
        """Store how transactions are sorted."""
        if not changed:
            return
        ids = [one.row.id for one in changed]
        await self._connection.execute(_UNSPLIT, ids)
        await self._connection.execute(
            _SAVE,
            ids,
            [one.choice.category_id for one in changed],
            [bool(one.choice.splits) for one in changed],
            [tuple(one.choice.tags) for one in changed],
            now,
        )
        await add_splits(
            self._connection,
            [
                SplitRow(row.id, row.user_id, row.date, row.currency, choice.splits)
                for row, choice in changed
            ],
        )
