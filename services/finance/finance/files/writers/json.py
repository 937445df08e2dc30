"""Writes a table as JSON: a list of objects, one a line."""

from collections.abc import Iterator, Sequence

import orjson

from finance.files.tables import TableColumn, TableRow


class JsonWriter:
    """Writes rows as objects with the columns' names; what is empty is null."""

    def __init__(self, columns: Sequence[TableColumn]) -> None:
        self._columns = columns
        self._is_first = True

    def head(self) -> bytes:
        """Return the beginning of the list."""
        return b"["

    def rows(self, rows: Sequence[TableRow]) -> bytes:
        """Return an object for each row; amounts are decimal strings, as everywhere."""
        lines = b",\n".join(orjson.dumps(self._object(row)) for row in rows)
        if not lines:
            return b""
        begin = b"\n" if self._is_first else b",\n"
        self._is_first = False
        return begin + lines

    def tail(self) -> Iterator[bytes]:
        """Yield the end of the list."""
        yield b"\n]\n"

    def _object(self, row: TableRow) -> dict[str, str | int | None]:
        return {
            column.name: (int(cell) if column.kind == "count" else cell) if cell else None
            for column, cell in zip(self._columns, row, strict=True)
        }
