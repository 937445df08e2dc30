"""Inserts rows all at once: few by arrays, many by COPY.

The rows are inserted in the order in which they are given.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from kit.db.unit_of_work import Connection, LastWrite, UnitOfWork

# COPY takes two round trips where arrays take one, but about half of the driver's work for a row.
COPIED_FROM = 100


class BulkInsert:
    """Inserts rows into one table."""

    def __init__(self, table: str, /, on_conflict: str = "", **columns: str) -> None:
        """Take the columns that are given values, each with its type, in the rows' order.

        ``on_conflict`` is the clause's text; COPY has no place for it, so arrays serve any number.
        """
        self._table = table
        self.columns = tuple(columns)
        self._row_of = attrgetter(*columns)
        self._is_copied = not on_conflict
        arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(columns.values(), 1))
        self.text = (
            f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - the code's own names
            f" SELECT * FROM unnest({arrays}) {on_conflict}"
        )

    async def insert(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows; an empty sequence does nothing.

        A list that is one value of ``jsonb`` must be a tuple: in an array the driver takes a list
        for a further dimension.
        """
        if self._is_copied and len(rows) >= COPIED_FROM:
            await connection.copy_in(self._table, self.columns, rows)
        elif rows:
            await connection.execute(self.text, *columns_of(rows, len(self.columns)))

    async def insert_objects(self, connection: Connection, objects: Iterable[Any]) -> None:
        """Insert one row per object; its attributes have the columns' names (2 or more)."""
        await self.insert(connection, [self._row_of(one) for one in objects])

    def insert_last(self, uow: UnitOfWork, rows: Sequence[Sequence[Any]]) -> None:
        """Insert few rows, or none, by the one statement right before COMMIT."""
        uow.before_commit(self.last, rows)

    def last(self, _: UnitOfWork, given: list[Sequence[Sequence[Any]]]) -> LastWrite:
        """Return the statement that inserts what waits for COMMIT; see `insert_last`."""
        return LastWrite(self.text, columns_of(chain.from_iterable(given), len(self.columns)))


def columns_of(rows: Iterable[Sequence[Any]], count: int) -> list[Sequence[Any]]:
    """Return rows as one array a column, also where there are none.

    A column of nothing but NULL is empty: `unnest` fills it up, and the driver, which looks at each
    value twice, has none to look at. So one column at least must have a value in every row.
    """
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True)
    return [() if _is_null(column) else column for column in columns] or [()] * count


def _is_null(column: Sequence[Any]) -> bool:
    return column[0] is None and all(value is None for value in column)
