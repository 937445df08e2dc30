"""Reads a bank's CSV: any delimiter and header, the mapping guessed or given."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import Final, NamedTuple, cast

from finance.files.readers.dates import DateOrder, date_of, is_date, moment_of, order_of
from finance.files.readers.encodings import decoded
from finance.files.readers.headers import guessed
from finance.files.readers.lines import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_LINES,
    Choices,
    FileError,
    Line,
    LineError,
    LineFault,
    Reading,
)
from finance.files.readers.numbers import amount_of, decimal_of, is_amount
from finance.files.texts import text_lines
from kit.csv_text import text_of

DELIMITERS: Final = (";", ",", "\t", "|")
_HEADER_WITHIN: Final = 20
_SAMPLE_LINES: Final = 50
_LONGEST_LINE: Final = 64 * 1024
_COLUMN_NAME: Final = 100


class _Record(NamedTuple):
    """A record of the table; ``fault`` says what is wrong with its shape."""

    number: int
    cells: Sequence[str]
    fault: str | None = None


def read_csv(body: bytes, currency: str, choices: Choices) -> Reading:
    """Return what a table holds for an account of a currency.

    Where neither date nor amount is found, nothing is read: ``ambiguous`` says so.

    Raises:
        FileError: `file_not_text`, `encoding_wrong`, `too_many_lines`, `several_accounts`,
            `mapping_unknown`, `file_empty`.
    """
    text, encoding = decoded(body, choices.encoding)
    delimiter = choices.delimiter or _delimiter(text)
    records = _records(text, delimiter)
    first = list(islice(records, _SAMPLE_LINES + _HEADER_WITHIN))
    if not first:
        raise FileError("file_empty")
    header = _header(first, choices.mapping)
    reading = Reading(encoding=encoding, delimiter=delimiter)
    width = max(len(one.cells) for one in first)
    names = [] if header is None else [one.strip() for one in first[header].cells]
    reading.columns = [
        (names[place] if place < len(names) else "")[:_COLUMN_NAME] or str(place + 1)
        for place in range(width)
    ]
    reading.header_line = None if header is None else first[header].number
    sample = first[0 if header is None else header + 1 :]
    if choices.mapping is not None:
        mapping = _given(choices.mapping, reading.columns)
    else:
        mapping = guessed(names) if header is not None else _by_content(sample)
    reading.mapping = {held: reading.columns[place] for held, place in mapping.items()}
    has_amount = "amount" in mapping or "debit" in mapping or "credit" in mapping
    reading.ambiguous += [] if "date" in mapping else ["date"]
    reading.ambiguous += [] if has_amount else ["amount"]
    if not reading.ambiguous:
        rows = [_narrowed(one, mapping) for one in chain(sample, records)]
        _read(rows, _Layout.of(rows, mapping, currency, choices, reading), reading, choices)
    return reading


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the cells of a record are read."""

    mapping: Mapping[str, int]
    date_order: DateOrder
    decimal: str
    currency: str

    @classmethod
    def of(
        cls,
        rows: Sequence[_Record],
        mapping: Mapping[str, int],
        currency: str,
        choices: Choices,
        reading: Reading,
    ) -> "_Layout":
        """Guess what was not chosen over whole columns, and note what could be otherwise."""
        order, is_sure = order_of(_column(rows, mapping["date"]))
        if choices.date_order is None and not is_sure:
            reading.ambiguous.append("date_order")
        reading.date_order = choices.date_order or order or "ymd"
        amounts = [
            cell
            for held in ("amount", "debit", "credit")
            if held in mapping
            for cell in _column(rows, mapping[held])
        ]
        decimal, is_sure = decimal_of(amounts)
        if choices.decimal is None and not is_sure:
            reading.ambiguous.append("decimal")
        reading.decimal = choices.decimal or decimal or "."
        return cls(mapping, cast("DateOrder", reading.date_order), reading.decimal, currency)

    def line(self, record: _Record) -> Line:
        """Return what a record says.

        Raises:
            LineError: it can't be booked.
        """
        if record.fault is not None:
            raise LineError(record.fault)
        cells, mapping = record.cells, self.mapping
        if len(cells) <= max(mapping[held] for held in self._needed()):
            raise LineError("fields_missing")
        said = self._cell(cells, "currency").strip().upper()
        if said and said not in {self.currency, *_SIGNS.get(self.currency, ())}:
            raise LineError("currency_differs")
        minor = self._amount(cells)
        at = moment_of(self._cell(cells, "at"))
        tags = self._cell(cells, "tags").split(",")
        return Line(
            number=record.number,
            date=self._date(cells),
            amount_minor=minor,
            description=self._text(cells, "description"),
            note=self._text(cells, "note"),
            category=self._text(cells, "category"),
            tags=tuple(tag for one in tags if (tag := one.strip())),
            at=at,
            key=self._cell(cells, "id").strip(),
        )

    def _needed(self) -> list[str]:
        return [held for held in ("date", "amount", "debit", "credit") if held in self.mapping]

    def _date(self, cells: Sequence[str]) -> date:
        return date_of(self._cell(cells, "date"), self.date_order)

    def _amount(self, cells: Sequence[str]) -> int:
        minor = 0
        for held, sign in (("amount", 0), ("debit", -1), ("credit", 1)):
            cell = self._cell(cells, held)
            if not cell.strip():
                continue
            found = amount_of(cell, self.decimal, self.currency)
            minor += found if not sign else sign * abs(found)
        if not minor:
            blank = not any(self._cell(cells, held).strip() for held in _AMOUNTS)
            raise LineError("amount_malformed" if blank else "amount_zero")
        return minor

    def _text(self, cells: Sequence[str], held: str) -> str:
        return " ".join(text_of(self._cell(cells, held)).split())

    def _cell(self, cells: Sequence[str], held: str) -> str:
        place = self.mapping.get(held)
        return "" if place is None or place >= len(cells) else cells[place]


_AMOUNTS: Final = ("amount", "debit", "credit")
# Banks also write a currency as these.
_SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "RUB": ("RUR", "₽", "РУБ", "РУБ.", "Р."),
    "USD": ("$",),
    "EUR": ("€",),
}


def _read(rows: Sequence[_Record], layout: _Layout, reading: Reading, choices: Choices) -> None:
    place = layout.mapping.get("account")
    if place is not None:
        reading.accounts = list(dict.fromkeys(one for one in _column(rows, place) if one.strip()))
        if choices.only_account is None and len(reading.accounts) > 1:
            raise FileError("several_accounts")
    for record in rows:
        if choices.only_account is not None and place is not None:
            cell = record.cells[place] if place < len(record.cells) else ""
            if cell != choices.only_account:
                continue
        try:
            reading.lines.append(layout.line(record))
        except LineError as refused:
            reading.faults.append(LineFault(record.number, refused.code))
        reading.count()


def _delimiter(text: str) -> str:
    """Return the delimiter by which the first lines have the most fields, most alike."""
    sample = "".join(islice(text_lines(text), _SAMPLE_LINES))[: 4 * _LONGEST_LINE]

    def columns(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(one.cells) for one in _records(sample, delimiter))
        widths.pop(1, None)
        width, times = widths.most_common(1)[0] if widths else (0, 0)
        return times, width

    return max(DELIMITERS, key=columns)


def _records(text: str, delimiter: str) -> Iterator[_Record]:
    """Yield the records that are not empty; of one beyond a bound its fault."""
    csv.field_size_limit(_LONGEST_LINE)
    passed = _Passed()
    reader = csv.reader(_lines(text, passed), delimiter=delimiter)
    found, number = 0, 1
    while True:
        passed.is_shortened, passed.quotes = False, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _Record(number, (), "malformed")
        else:
            if passed.is_shortened:
                yield _Record(number, (), "cell_too_long")
            elif passed.quotes % 2 and reader.line_num > number:
                yield _Record(number, (), "malformed")  # it has run on to the end of the file
            elif any(map(str.strip, cells)):
                yield _checked(number, cells)
        found += 1
        number = reader.line_num + 1
        if found > MOST_LINES + _HEADER_WITHIN:
            raise FileError("too_many_lines")


@dataclass(slots=True)
class _Passed:
    """What is known of a record's lines: whether one was emptied, how many quotes."""

    is_shortened: bool = False
    quotes: int = 0


def _lines(text: str, passed: _Passed) -> Iterator[str]:
    """Yield lines; one beyond the bound is empty."""
    for line in text_lines(text):
        passed.quotes += line.count('"')
        if len(line) > _LONGEST_LINE:
            passed.is_shortened = True
            yield "\n"
        else:
            yield line


def _narrowed(record: _Record, mapping: Mapping[str, int]) -> _Record:
    """Return a record without the cells that nobody reads, which may be most."""
    places = frozenset(mapping.values())
    cells = record.cells[: max(places) + 1]
    kept = [cell if place in places else "" for place, cell in enumerate(cells)]
    return _Record(record.number, kept, record.fault)


def _checked(number: int, cells: list[str]) -> _Record:
    if len(cells) > MOST_COLUMNS:
        return _Record(number, (), "too_many_columns")
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return _Record(number, (), "cell_too_long")
    return _Record(number, cells)


def _header(records: Sequence[_Record], mapping: Mapping[str, str] | None) -> int | None:
    """Return which of the first records names columns: by the caller's words, or ours.

    Where nobody's words are there, it is the one above the first date, if it is as wide.
    """
    first = records[:_HEADER_WITHIN]
    words = {one for one in (mapping or {}).values() if not one.isdigit()}
    named = [
        len(words.intersection(map(str.strip, one.cells))) or len(guessed(one.cells))
        for one in first
    ]
    best = max(range(len(named)), key=lambda place: named[place])
    if named[best] > 1 or (words and named[best]):
        return best
    dated = next((place for place, one in enumerate(first) if any(map(is_date, one.cells))), 0)
    is_above = dated > 0 and len(first[dated - 1].cells) == len(first[dated].cells)
    return dated - 1 if is_above else None


def _by_content(rows: Sequence[_Record]) -> dict[str, int]:
    """Guess the columns of a table without names by what stands in them."""
    sample = [one.cells for one in rows[:_SAMPLE_LINES] if one.cells]
    width = max(map(len, sample), default=0)
    columns = [[cells[place] for cells in sample if place < len(cells)] for place in range(width)]
    mapping: dict[str, int] = {}
    for place, cells in enumerate(columns):
        filled = [cell for cell in cells if cell.strip()]
        if not filled:
            continue
        if "date" not in mapping and all(map(is_date, filled)):
            mapping["date"] = place
        elif "amount" not in mapping and all(map(is_amount, filled)):
            mapping["amount"] = place
    texts = {
        place: sum(map(len, cells))
        for place, cells in enumerate(columns)
        if place not in mapping.values() and not all(map(is_amount, filter(None, cells)))
    }
    if texts:
        mapping["description"] = max(texts, key=lambda place: texts[place])
    return mapping


def _given(mapping: Mapping[str, str], columns: Sequence[str]) -> dict[str, int]:
    """Return the columns that the caller has named, each by its name or number."""
    found: dict[str, int] = {}
    for held, named in mapping.items():
        if named in columns:
            found[held] = columns.index(named)
        elif named.isascii() and named.isdigit() and 0 < int(named[:4]) <= len(columns):
            found[held] = int(named[:4]) - 1
        else:
            raise FileError("mapping_unknown")
    return found


def _column(rows: Sequence[_Record], place: int) -> Iterator[str]:
    return (row.cells[place] for row in rows if place < len(row.cells) and row.cells[place])
