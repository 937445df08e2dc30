"""Reads a CSV bulk into the document it would be as JSON.

Names line and column of a fault. Columns may stand in any order; an empty cell counts as not
given. Metadata has no column.
"""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from kit.csv_text import Bounds, CsvError, CsvRecord, read_csv
from kit.refusals import FieldFault, ValidationFailed
from kit.web.serving.bodies import ForeignBody
from payments.domain.bulk import MOST_ROWS
from payments.schemas.creation import PayeeRequest

CSV: Final = "text/csv"
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    **{f"payee_{name}": ("payee", name) for name in PayeeRequest.model_fields},
    "amount": ("amount",),
    "currency": ("currency",),
    "from_wallet_id": ("from_wallet_id",),
    "card_last4": ("card_last4",),
    "card_holder": ("card_holder",),
    "description": ("description",),
}
DOCUMENTED: Final = {
    "schema": {"type": "string"},
    "example": "payee_username,amount,currency,description\nbob,150.00,RUB,Salary for May\n",
}
# Far above the longest bulk that is accepted, with its empty lines and quoted line breaks.
BOUNDS: Final = Bounds(fields=2 * len(COLUMNS), characters=2000, lines=10 * MOST_ROWS)
_PLACE: Final = re.compile(r"/(\d+)(?:/(.*))?")


def read_bulk(body: bytes) -> ForeignBody:
    """Return the rows of a CSV body as a JSON document.

    Raises:
        ValidationFailed: it is not CSV, a column is unknown, or a line has too many or too few
            fields.
    """
    header: list[str] = []
    try:
        records = read_csv(body, BOUNDS)
        first = next(records, None)
        if first is None:
            raise _failed(1, "", "malformed", "The first line names the columns.", _NO_HEADER_RU)
        header = _header(first)
        rows = [(record.line, _document(header, record)) for record in islice(records, _LIMIT)]
    except CsvError as error:
        column = header[error.field - 1] if error.field <= len(header) else str(error.field)
        raise _failed(error.line, column, "malformed", error.en, error.ru) from None
    return ForeignBody([row for _, row in rows], _Places([line for line, _ in rows]))


_NO_HEADER_RU: Final = "Первая строка называет столбцы."
_LIMIT: Final = MOST_ROWS + 1  # one more is enough to be refused as too many


def _header(first: CsvRecord) -> list[str]:
    names = [name.strip() for name in first.fields]
    for place, name in enumerate(names, start=1):
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            en, ru = (
                f"Not a known column; these are: {known}.",
                f"Такого столбца нет; есть: {known}.",
            )
            raise _failed(first.line, str(place), "unknown_column", en, ru)
        if names.index(name) != place - 1:
            en, ru = "The column comes twice.", "Столбец указан дважды."
            raise _failed(first.line, name, "repeated_column", en, ru)
    return names


def _document(header: list[str], record: CsvRecord) -> dict[str, Any]:
    if len(record.fields) != len(header):
        given, expected = len(record.fields), len(header)
        column = header[given] if given < expected else str(expected + 1)
        en = f"The line has {given} fields, the first line {expected}."
        ru = f"В строке полей: {given}, в первой строке: {expected}."
        raise _failed(record.line, column, "malformed", en, ru)
    document: dict[str, Any] = {"payee": {}}
    for name, cell in zip(header, record.fields, strict=True):
        if cell:
            *outer, last = COLUMNS[name]
            (document[outer[0]] if outer else document)[last] = cell
    return document


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
