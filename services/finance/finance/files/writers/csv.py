"""Writes a table as CSV (RFC 4180) that no spreadsheet runs."""

from collections.abc import Iterator, Sequence
from typing import Final

from finance.files.tables import TableColumn, TableRow
from kit.csv_text import encode_csv, text_cell

_BOM: Final = "\ufeff".encode()


class CsvWriter:
    """Writes rows in UTF-8, with a byte order mark by choice: some ask for one."""

    def __init__(self, columns: Sequence[TableColumn], *, bom: bool = False) -> None:
        self._columns = columns
        self._texts = [column.kind == "text" for column in columns]
        self._mark = _BOM if bom else b""

    def head(self) -> bytes:
        """Return the line of names."""
        return self._mark + encode_csv([[column.name for column in self._columns]])

    def rows(self, rows: Sequence[TableRow]) -> bytes:
        """Return a line for each row; texts are kept from being formulas."""
        return encode_csv(
            [
                text_cell(cell) if is_text else cell
                for cell, is_text in zip(row, self._texts, strict=True)
            ]
            for row in rows
        )

    def tail(self) -> Iterator[bytes]:
        """Yield nothing: a table has no end of its own."""
        return iter(())
