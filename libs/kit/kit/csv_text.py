"""Writes CSV that no spreadsheet runs, and reads CSV within bounds (RFC 4180).

Pure. Does not know what a table means.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

# A spreadsheet takes a cell for a formula where it begins with one of these (ASVS 5.0 §1.2.10),
# full-width forms included, which some fold. Numbers are left alone.
_FORMULA: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
# Spreadsheets trim or hide these before they look: white space, controls, format characters.
_UNSEEN: Final = (
    "\\s\\x00-\\x1f\\x7f-\\xa0\\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb'\"`\u2018\u2019\u201c\u201d"
)
# A spreadsheet with another separator than the comma begins a new cell at these.
_SEPARATORS: Final = ",;|\t\n\r\v\f\x1c-\x1f\x85\u2028\u2029\uff0c\uff1b"
_SEPARATOR: Final = re.compile(f"[{_SEPARATORS}]")
# Looked for only where what is not seen begins, so that each character is looked at once.
_FORMULA_BEGINS: Final = re.compile(f"(?<![{_UNSEEN}])([{_UNSEEN}]*+)[{_FORMULA}]")
_BEGINS_UNSEEN: Final = re.compile("'*[\t\r\n]")
# One field and its end; a quote within a quoted field is doubled, a bare field holds none.
_FIELD: Final = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\Z)')
_QUOTED: Final = re.compile(r'"[^"]*(?:""[^"]*)*"')
_NO_UTF_8: Final = re.compile("[\udc80-\udcff]")  # bytes that could not be decoded


def text_cell(text: str | None) -> str:
    """Return free text as one cell that no spreadsheet takes for a formula.

    An apostrophe at the beginning makes it text. Others after each separator do the same where a
    spreadsheet splits the cell there. No two texts are written alike.
    """
    if not text:
        return ""
    places = list(_dangers(text))
    if not places and not _BEGINS_UNSEEN.match(text):
        return text
    parts, begin = [], 0
    for place in places if places[:1] == [0] else [0, *places]:
        parts.append(text[begin:place])
        begin = place
    return "'".join([*parts, text[begin:]])


def text_of(cell: str) -> str:
    """Return the text that ``text_cell`` wrote as a cell; other cells as they are."""
    if not cell.startswith("'"):
        return cell
    inner, begin, parts = cell[1:], 0, []
    for place in _dangers(inner):
        if place:
            parts.append(inner[begin:place])
            begin = place + 1
    text = "".join([*parts, inner[begin:]])
    return text if text_cell(text) == cell else cell


def time_cell(at: datetime | None) -> str:
    """Return a time as in JSON answers: RFC 3339, UTC, `Z`; None is an empty cell."""
    return "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _dangers(text: str) -> Iterator[int]:
    """Yield where cells begin that a spreadsheet would take for formulas."""
    for found in _FORMULA_BEGINS.finditer(text):
        begin = found.start()
        if begin == 0:
            yield 1 if _SEPARATOR.match(text) else 0
        elif _SEPARATOR.match(text, begin - 1):
            yield begin
        elif separator := _SEPARATOR.search(text, begin, found.end(1)):
            yield separator.end()


def encode_csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Return rows as CSV in UTF-8, each line ended by CR LF."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


class CsvError(ValueError):
    """A text is no CSV; says where and why.

    Line and field are counted from 1; the reason is in both languages.
    """

    def __init__(self, line: int, field: int, en: str, ru: str) -> None:
        super().__init__(f"line {line}, field {field}: {en}")
        self.line = line
        self.field = field
        self.en = en
        self.ru = ru


class CsvRecord(NamedTuple):
    """The fields of one record, and the line where it begins."""

    line: int
    fields: list[str]


class Bounds(NamedTuple):
    """Bounds a text that is read: fields of a record, characters of a field, lines."""

    fields: int
    characters: int
    lines: int


def read_csv(body: bytes, bounds: Bounds) -> Iterator[CsvRecord]:
    """Yield the records of a text in UTF-8, without its empty lines.

    The text may have a byte order mark. Nothing beyond the bounds is read, so that a long text
    costs no more than a short one.

    Raises:
        CsvError: a quote that is not closed or stands inside a bare field, a lone CR, a byte that
            is no UTF-8, more than the bounds.
    """
    text = body.decode("utf-8-sig", "surrogateescape")
    position, line = 0, 1
    while position < len(text):
        if line > bounds.lines:
            raise _beyond(line, 1, "lines", bounds.lines)
        fields: list[str] = []
        begun = line
        end = ","
        while end == ",":
            if len(fields) == bounds.fields:
                raise _beyond(line, len(fields), "fields", bounds.fields)
            # Quotes may double each character and add two, and the end of a field is two at most.
            found = _FIELD.match(text, position, position + 2 * bounds.characters + 4)
            if found is not None and len(found.group()) > 2 * bounds.characters + 3:
                raise _beyond(line, len(fields) + 1, "characters", bounds.characters)
            if found is None:
                raise _malformed(text, position, line, len(fields) + 1)
            if _NO_UTF_8.search(found.group()):
                raise CsvError(line, len(fields) + 1, "Must be UTF-8.", "Должно быть в UTF-8.")
            quoted, bare, end = found.groups()
            fields.append(bare if quoted is None else quoted.replace('""', '"'))
            line += found.group().count("\n")
            position = found.end()
        if fields != [""]:
            yield CsvRecord(begun, fields)


_WORDS_RU: Final = {"lines": "строк", "fields": "полей", "characters": "знаков"}


def _beyond(line: int, field: int, what: str, most: int) -> CsvError:
    return CsvError(
        line, field, f"Not more than {most} {what}.", f"Не более {most} {_WORDS_RU[what]}."
    )


def _malformed(text: str, position: int, line: int, field: int) -> CsvError:
    if text[position] == '"' and not _QUOTED.match(text, position):
        en, ru = "The quotes are not closed.", "Кавычки не закрыты."
    else:
        en = "A field that holds quotes or a lone CR stands in quotes; quotes inside are doubled."
        ru = "Поле с кавычками или одиночным CR берётся в кавычки; кавычки внутри удваиваются."
    return CsvError(line, field, en, ru)
