"""Owns CSV (RFC 4180): lines that no spreadsheet takes for programs, and reading that names places.

Pure. Does not know what a table means.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

# What makes a spreadsheet take text for a formula (ASVS 5.0 §1.2.10); numbers are left alone.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
# One field and what ends it; a quote inside quotes is doubled, elsewhere there is none.
_FIELD: Final = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\Z)')
_QUOTED: Final = re.compile(r'"[^"]*(?:""[^"]*)*"')
_NO_UTF_8: Final = re.compile("[\udc80-\udcff]")  # what could not be decoded


def text_cell(text: str | None) -> str:
    """Return free text as a cell that no spreadsheet takes for a formula."""
    if not text:
        return ""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def written(rows: Iterable[Iterable[str]]) -> bytes:
    """Return lines of CSV, ended by CR LF, in UTF-8."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


class CsvError(ValueError):
    """A text that is no CSV: in which line and field, both counted from 1, and why, twice."""

    def __init__(self, line: int, field: int, en: str, ru: str) -> None:
        super().__init__(f"line {line}, field {field}: {en}")
        self.line = line
        self.field = field
        self.en = en
        self.ru = ru


class Record(NamedTuple):
    """The fields of one record, and the line it begins in."""

    line: int
    fields: list[str]


def read(body: bytes) -> Iterator[Record]:
    """Yield the records of a text in UTF-8, with or without a byte order mark; empty lines are not.

    Raises:
        CsvError: a quote that is not closed or stands inside a bare field, a lone CR, a byte that
            is no UTF-8.
    """
    text = body.decode("utf-8-sig", "surrogateescape")
    position, line = 0, 1
    while position < len(text):
        fields: list[str] = []
        begun = line
        end = ","
        while end == ",":
            found = _FIELD.match(text, position)
            if found is None:
                raise _malformed(text, position, line, len(fields) + 1)
            if _NO_UTF_8.search(found.group()):
                raise CsvError(line, len(fields) + 1, "Must be UTF-8.", "Должно быть в UTF-8.")
            quoted, bare, end = found.groups()
            fields.append(bare if quoted is None else quoted.replace('""', '"'))
            line += found.group().count("\n")
            position = found.end()
        if fields != [""]:
            yield Record(begun, fields)


def _malformed(text: str, position: int, line: int, field: int) -> CsvError:
    if text[position] == '"' and not _QUOTED.match(text, position):
        en, ru = "The quotes are not closed.", "Кавычки не закрыты."
    else:
        en = "A field that holds quotes or a lone CR stands in quotes; quotes inside are doubled."
        ru = "Поле с кавычками или одиночным CR берётся в кавычки; кавычки внутри удваиваются."
    return CsvError(line, field, en, ru)
