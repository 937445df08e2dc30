"""Writes a table as an Excel workbook, row by row onto the disk."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook

from finance.files.tables import ColumnKind, TableColumn, TableRow

MOST_ROWS: Final = 1_048_575  # of a sheet, below its line of names
_LONGEST_TEXT: Final = 32_767
_MOST_DIGITS: Final = 15  # that Excel keeps of a number: longer ones stay texts, and exact
_CHUNK: Final = 1024 * 1024
_WIDTHS: Final[dict[ColumnKind, int]] = {
    "text": 24,
    "code": 24,
    "amount": 16,
    "date": 12,
    "count": 12,
}
_FORMATS: Final[dict[ColumnKind, str]] = {
    "amount": "#,##0.00##",
    "date": "yyyy-mm-dd",
    "count": "0",
}
_FIRST_DAY: Final = date(1900, 3, 1)  # Excel counts a 29 February 1900, so that earlier days differ


class XlsxWriter:
    """Writes rows into sheets; a full one is followed by another.

    A workbook is a ZIP whose parts are known at the end only, so all of it comes as the tail. What
    is in the ``folder`` then, its owner removes.
    """

    def __init__(
        self, columns: Sequence[TableColumn], folder: Path, *, most_rows: int = MOST_ROWS
    ) -> None:
        self._columns = columns
        self._most_rows = most_rows
        self._path = folder / "export.xlsx"
        self._book = Workbook(self._path, {"constant_memory": True, "tmpdir": str(folder)})
        self._bold = self._book.add_format({"bold": True})
        self._formats = [
            self._book.add_format({"num_format": _FORMATS[column.kind]})
            if column.kind in _FORMATS
            else None
            for column in columns
        ]
        self._next = 0
        self._sheet: Any = None

    def head(self) -> bytes:
        """Begin the first sheet."""
        self._begin_sheet()
        return b""

    def rows(self, rows: Sequence[TableRow]) -> bytes:
        """Write rows onto the disk."""
        for row in rows:
            if self._next > self._most_rows:
                self._begin_sheet()
            for place, cell in enumerate(row):
                if cell:
                    self._write(place, cell)
            self._next += 1
        return b""

    def tail(self) -> Iterator[bytes]:
        """Close the workbook and yield it."""
        self._book.close()
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def _begin_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, _WIDTHS[column.kind])
            self._sheet.write_string(0, place, column.name, self._bold)
        self._next = 1

    def _write(self, place: int, cell: str) -> None:
        kind, shape = self._columns[place].kind, self._formats[place]
        day = date.fromisoformat(cell) if kind == "date" else None
        if day is not None and day >= _FIRST_DAY:
            self._sheet.write_datetime(self._next, place, day, shape)
        elif kind in ("amount", "count") and sum(map(str.isdigit, cell)) <= _MOST_DIGITS:
            self._sheet.write_number(self._next, place, Decimal(cell), shape)
        else:
            self._write_text(place, cell[:_LONGEST_TEXT])

    def _write_text(self, place: int, text: str) -> None:
        if text.startswith("<r>") and text.endswith("</r>"):
            # It would be written as it is, as markup; what is made of pieces is escaped.
            self._sheet.write_rich_string(self._next, place, text[:1], text[1:2], text[2:])
        else:
            self._sheet.write_string(self._next, place, text)
