"""Stores transactions with their splits, many at a time.

Their book is locked, so they are not.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from finance.domain.transactions.transactions import (
    Split,
    Transaction,
    TransactionOrigin,
    TransactionType,
)
from finance.repository.batches import ROWS
from finance.repository.transactions.splits import SplitRow, add_splits
from kit.db import Connection
from kit.db.bulk import COPIED_FROM

_FIELDS: Final = (
    "id",
    "user_id",
    "account_id",
    "type",
    "amount_minor",
    "currency",
    "category_id",
    "description",
    "note",
    "day",
    "at",
    "tags",
    "is_split",
    "transfer_id",
    "origin",
    "movement_seq",
    "movement_kind",
    "reference",
    "counterparty_id",
    "purpose",
    "is_category_own",
    "import_key",
    "recurring_id",
    "due_date",
    "version",
    "created_at",
    "updated_at",
)
_values = attrgetter(*_FIELDS)
_COLUMNS: Final = tuple("date" if name == "day" else name for name in _FIELDS)
ROW: Final = ", ".join(f"transaction.{column}" for column in _COLUMNS)
_PLACES: Final = ", ".join(f"${place}" for place in range(1, len(_COLUMNS) + 1))
_ADD: Final = f"INSERT INTO transaction ({', '.join(_COLUMNS)}) VALUES ({_PLACES})"
_SAVE: Final = (
    "UPDATE transaction SET "
    + ", ".join(f"{column} = ${place}" for place, column in enumerate(_COLUMNS, 1))
    + " WHERE id = $1"
)
_FIND: Final = f"SELECT {ROW} FROM transaction WHERE user_id = $1 AND id = $2"
_SIDES: Final = f"""
SELECT {ROW} FROM transaction WHERE user_id = $1 AND transfer_id = $2 ORDER BY amount_minor, id
"""
_SPLITS: Final = """
SELECT transaction_id, category_id, amount_minor, description FROM split
WHERE transaction_id = ANY($1) ORDER BY transaction_id, position
"""
# Oldest first, so that the next batch begins about where this one has ended. What was read of them
# before is stale.
_REDATE: Final = """
WITH moved AS (
    UPDATE transaction
    SET date = (at AT TIME ZONE $2)::date, version = version + 1, updated_at = $5
    WHERE id = ANY(ARRAY(
        SELECT id FROM transaction
        WHERE user_id = $1 AND date >= $3 AND at IS NOT NULL
          AND date <> (at AT TIME ZONE $2)::date
        ORDER BY date LIMIT $4))
    RETURNING id, date
), parts AS (
    UPDATE split SET date = moved.date FROM moved WHERE transaction_id = moved.id
)
SELECT max(date) FROM moved
"""
_WIDEST: Final = timedelta(days=2)  # a day and the one that it becomes are less apart


class Transactions:
    """Stored transactions; changes need a unit of work and the book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Sequence[Transaction]) -> None:
        """Store transactions with their splits, by one round trip or by COPY.

        `BulkInsert` unnests its arrays, and tags are arrays themselves.
        """
        rows = [_values(one) for one in new]
        if len(rows) >= COPIED_FROM:
            await self._connection.copy_in("transaction", _COLUMNS, rows)
        elif rows:
            await self._connection.executemany(_ADD, rows)
        await self._add_splits(new)

    async def save(self, changed: Transaction) -> None:
        """Store a transaction, and its splits, as they are now."""
        await self._connection.execute(_SAVE, *_values(changed))
        await self._connection.execute("DELETE FROM split WHERE transaction_id = $1", changed.id)
        await self._add_splits([changed])

    async def delete(self, transaction_ids: Collection[UUID]) -> None:
        """Delete transactions with their splits."""
        await self._connection.execute(
            "DELETE FROM transaction WHERE id = ANY($1)", list(transaction_ids)
        )

    async def find(self, user_id: UUID, transaction_id: UUID) -> Transaction | None:
        """Return a transaction if it is the user's."""
        found = await self._connection.fetch(_FIND, user_id, transaction_id)
        return next(iter(await self.read(found)), None)

    async def sides(self, user_id: UUID, transfer_id: UUID) -> list[Transaction]:
        """Return both sides of a user's transfer, what left first."""
        return await self.read(await self._connection.fetch(_SIDES, user_id, transfer_id))

    async def redate(self, user_id: UUID, time_zone: str, now: datetime) -> None:
        """Give each transaction whose moment is known its day in another zone."""
        since = date.min
        while True:
            values = user_id, time_zone, since, ROWS, now
            last: date | None = await self._connection.fetchval(_REDATE, *values)
            if last is None:
                return
            since = last - _WIDEST

    async def read(self, rows: Sequence[Any]) -> list[Transaction]:
        """Return the transactions of rows that have the columns of ROW, with their splits."""
        split_ids = [row["id"] for row in rows if row["is_split"]]
        parts: defaultdict[UUID, list[Split]] = defaultdict(list)
        for row in await self._connection.fetch(_SPLITS, split_ids) if split_ids else ():
            transaction_id, *values = row.values()
            parts[transaction_id].append(Split(*values))
        return [replace(_transaction(row), splits=tuple(parts[row["id"]])) for row in rows]

    async def _add_splits(self, transactions: Iterable[Transaction]) -> None:
        wholes = [
            SplitRow(one.id, one.user_id, one.day, one.currency, one.splits)
            for one in transactions
            if one.splits
        ]
        await add_splits(self._connection, wholes)


def _transaction(row: Any) -> Transaction:
    values = dict(row)
    values["day"] = values.pop("date")
    values["type"] = TransactionType(values["type"])
    values["origin"] = TransactionOrigin(values["origin"])
    values["tags"] = tuple(values["tags"])
    del values["is_split"]
    return Transaction(**values)
