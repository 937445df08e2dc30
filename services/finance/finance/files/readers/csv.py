"""Reads a bank's CSV: any delimiter and header, the mapping guessed or given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import Final, cast

from finance.files.readers.currencies import is_named
from finance.files.readers.dates import DateOrder, date_of, is_date, moment_of, order_of
from finance.files.readers.encodings import decoded
from finance.files.readers.headers import OUTGOING, VOID, guessed, word_of
from finance.files.readers.lines import (
    LONGEST_ACCOUNT,
    Choices,
    FileError,
    Line,
    LineError,
    LineFault,
    Reading,
)
from finance.files.readers.numbers import amount_of, decimal_of, is_amount, is_minus
from finance.files.readers.records import (
    HEADER_WITHIN,
    SAMPLE_LINES,
    TableRecord,
    delimiter_of,
    records_of,
)
from kit.csv_text import text_of

_COLUMN_NAME: Final = 100


def read_csv(body: bytes, currency: str, choices: Choices) -> Reading:
    """Return what a table holds for an account of a currency.

    Where neither date nor amount is found, nothing is read: ``ambiguous`` says so.

    Raises:
        FileError: `file_not_text`, `encoding_wrong`, `too_many_lines`, `several_accounts`,
            `mapping_unknown`, `file_empty`.
    """
    text, encoding = decoded(body, choices.encoding)
    delimiter = choices.delimiter or delimiter_of(text)
    records = records_of(text, delimiter)
    first = list(islice(records, SAMPLE_LINES + HEADER_WITHIN))
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
        mapping = _by_content(sample) if header is None else _by_names(names, sample)
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
    is_unsigned: bool  # whether another column says what went out

    @classmethod
    def of(
        cls,
        rows: Sequence[TableRecord],
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
        is_unsigned = {"type", "amount"} <= mapping.keys() and not any(map(is_minus, amounts))
        order = cast("DateOrder", reading.date_order)
        return cls(mapping, order, reading.decimal, currency, is_unsigned)

    def line(self, record: TableRecord) -> Line:
        """Return what a record says.

        Raises:
            LineError: it can't be booked.
        """
        if record.fault is not None:
            raise LineError(record.fault)
        cells, mapping = record.cells, self.mapping
        if len(cells) <= max(mapping[held] for held in self._needed()):
            raise LineError("fields_missing")
        if not is_named(self._cell(cells, "currency"), self.currency):
            raise LineError("currency_differs")
        if word_of(self._cell(cells, "status")) in VOID:
            raise LineError("not_carried_out")
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
        if self.is_unsigned and word_of(self._cell(cells, "type")) in OUTGOING:
            minor = -abs(minor)
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


def _read(rows: Sequence[TableRecord], layout: _Layout, reading: Reading, choices: Choices) -> None:
    place = layout.mapping.get("account")
    if place is not None:
        reading.accounts = list(filter(None, dict.fromkeys(map(_account, _column(rows, place)))))
        if choices.only_account is None and len(reading.accounts) > 1:
            raise FileError("several_accounts", reading.accounts)
    for record in rows:
        if choices.only_account is not None and place is not None:
            cell = record.cells[place] if place < len(record.cells) else ""
            if _account(cell) != _account(choices.only_account) and record.fault is None:
                continue
        try:
            reading.lines.append(layout.line(record))
        except LineError as refused:
            reading.faults.append(LineFault(record.number, refused.code))
        reading.count()


def _account(cell: str) -> str:
    return cell.strip()[:LONGEST_ACCOUNT].strip()


def _narrowed(record: TableRecord, mapping: Mapping[str, int]) -> TableRecord:
    """Return a record without the cells that nobody reads, which may be most."""
    places = frozenset(mapping.values())
    cells = record.cells[: max(places) + 1]
    kept = [cell if place in places else "" for place, cell in enumerate(cells)]
    return TableRecord(record.number, kept, record.fault)


def _header(records: Sequence[TableRecord], mapping: Mapping[str, str] | None) -> int | None:
    """Return which of the first records names columns: by the caller's words, or ours.

    Where nobody's words are there, it is the one above the first date, if it is as wide.
    """
    first = records[:HEADER_WITHIN]
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


def _by_names(names: Sequence[str], rows: Sequence[TableRecord]) -> dict[str, int]:
    """Guess the columns of a table by their names, and the days by what they are."""
    mapping = guessed(names)
    day = _by_content(rows).get("date")
    if day is not None and day not in mapping.values():
        mapping.setdefault("date", day)
    return mapping


def _by_content(rows: Sequence[TableRecord]) -> dict[str, int]:
    """Guess the columns of a table without names by what stands in them."""
    sample = [one.cells for one in rows[:SAMPLE_LINES] if one.cells]
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


def _column(rows: Sequence[TableRecord], place: int) -> Iterator[str]:
    return (row.cells[place] for row in rows if place < len(row.cells) and row.cells[place])
