"""Inserts rows all at once: few by arrays, many by COPY.

The rows are inserted in the order in which they are given.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kit.db.unit_of_work import Connection

# COPY takes two round trips where arrays take one, but about half of the driver's work for a row.
COPIED_FROM = 100


class BulkInsert:
    """Inserts rows into one table."""

    def __init__(self, table: str, **columns: str) -> None:
        """Take the table, and its columns with their types in the order of a row's values."""
        self._table = table
        self._columns = tuple(columns)
        arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(columns.values(), 1))
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"  # noqa: S608 - from the code's own names

    async def insert(self, connection: "Connection", rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows; an empty sequence does nothing."""
        if len(rows) >= COPIED_FROM:
            await connection.copy_in(self._table, self._columns, rows)
        elif rows:
            await connection.execute(self._insert, *zip(*rows, strict=True))
