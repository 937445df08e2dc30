"""Reads a CSV body into the JSON document it would be; answers CSV files.

Names line and column of a fault. The first line names the columns, in any order. An
empty cell counts as not given. Does not check what the rows mean: the model of the document does.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

from kit.csv_text import Bounds, CsvError, CsvRecord, read_csv
from kit.http import saved_as
from kit.refusals import FieldFault, ValidationFailed
from kit.web.serving.bodies import ForeignBody, Placed

CSV: Final = "text/csv"
CSV_FILE: Final = "text/csv; charset=utf-8; header=present"
_PLACE: Final = re.compile(r"/(\d+)(?:/(.*))?")
_NO_HEADER_RU: Final = "Первая строка называет столбцы."


def _as_text(cell: str) -> Any:
    return cell


@dataclass(frozen=True, slots=True)
class Column:
    """Says where a column's cells stand in a row's document, and how they are read.

    ``read`` returns what it can't read as the text that it is, which the model then refuses.
    """

    path: tuple[str, ...]
    read: Callable[[str], Any] = _as_text


@dataclass(frozen=True, slots=True)
class CsvRows:
    """Reads bodies of rows with the named columns."""

    columns: Mapping[str, Column]
    most_rows: int
    longest_cell: int

    @property
    def _bounds(self) -> Bounds:
        # Far above what is accepted, with its empty lines and quoted line breaks.
        return Bounds(2 * len(self.columns), self.longest_cell, 10 * self.most_rows)

    def document(self, body: bytes) -> ForeignBody:
        """Return the rows of a body as a list; one row more than may be is read.

        Raises:
            ValidationFailed: it is not CSV, a column is unknown, or a line has too many or too few
                fields.
        """
        header: list[str] = []
        try:
            records = read_csv(body, self._bounds)
            first = next(records, None)
            if first is None:
                en = "The first line names the columns."
                raise _failed(1, "", "malformed", en, _NO_HEADER_RU)
            header = self._header(first)
            rows = [
                (record.line, self._row(header, record))
                for record in islice(records, self.most_rows + 1)
            ]
        except CsvError as error:
            named = header[error.field - 1] if error.field <= len(header) else str(error.field)
            raise _failed(error.line, named, "malformed", error.en, error.ru) from None
        return ForeignBody([row for _, row in rows], _Places([line for line, _ in rows]))

    def _header(self, first: CsvRecord) -> list[str]:
        names = [name.strip() for name in first.fields]
        for place, name in enumerate(names, start=1):
            if name not in self.columns:
                known = ", ".join(self.columns)
                en, ru = (
                    f"Not a known column; these are: {known}.",
                    f"Такого столбца нет; есть: {known}.",
                )
                raise _failed(first.line, str(place), "unknown_column", en, ru)
            if names.index(name) != place - 1:
                en, ru = "The column comes twice.", "Столбец указан дважды."
                raise _failed(first.line, name, "repeated_column", en, ru)
        return names

    def _row(self, header: list[str], record: CsvRecord) -> dict[str, Any]:
        if len(record.fields) != len(header):
            given, expected = len(record.fields), len(header)
            named = header[given] if given < expected else str(expected + 1)
            en = f"The line has {given} fields, the first line {expected}."
            ru = f"В строке полей: {given}, в первой строке: {expected}."
            raise _failed(record.line, named, "malformed", en, ru)
        row: dict[str, Any] = {
            column.path[0]: {} for column in self.columns.values() if column.path[1:]
        }
        for name, cell in zip(header, record.fields, strict=True):
            if cell:
                column = self.columns[name]
                *outer, last = column.path
                (row[outer[0]] if outer else row)[last] = column.read(cell)
        return row


def csv_file(
    chunks: AsyncIterator[bytes], name: str, *, media_type: str = CSV_FILE
) -> StreamingResponse:
    """Return an answer that is saved under a name, sent as it is read.

    A failure on the way breaks the answer off.
    """
    named = {"Content-Disposition": saved_as(name)}
    return StreamingResponse(chunks, media_type=media_type, headers=named)


def placed_in(request: Request, faults: Iterable[FieldFault]) -> list[FieldFault]:
    """Return faults that were found later, at their places in the body that was sent."""
    placed: Placed = request.scope["saldo.placed"]
    return [placed(fault) for fault in faults]


class _Places:
    """Turns a fault's place in the JSON document into its line and column in the CSV."""

    def __init__(self, lines: list[int]) -> None:
        self._lines = lines

    def __call__(self, fault: FieldFault) -> FieldFault:
        found = _PLACE.fullmatch(fault.pointer)
        if found is None or int(found[1]) >= len(self._lines):
            return fault
        column = (found[2] or "").replace("/", "_")
        line = self._lines[int(found[1])]
        return _placed(line, column, fault.code, fault.detail_en, fault.detail_ru)


def _placed(line: int, column: str, code: str, en: str, ru: str) -> FieldFault:
    return FieldFault(
        f"/line/{line}" + (f"/{column}" if column else ""),
        code,
        f"Line {line}" + (f", column {column}: {en}" if column else f": {en}"),
        f"Строка {line}" + (f", столбец {column}: {ru}" if column else f": {ru}"),
    )


def _failed(line: int, column: str, code: str, en: str, ru: str) -> ValidationFailed:
    return ValidationFailed(errors=[_placed(line, column, code, en, ru)])
