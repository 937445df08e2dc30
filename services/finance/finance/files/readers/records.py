"""Cuts a table into records; one that has no end spoils no other."""

import csv
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, Self

from finance.files.readers.lines import LONGEST_CELL, MOST_COLUMNS, MOST_LINES, FileError
from finance.files.texts import text_lines

DELIMITERS: Final = (";", ",", "\t", "|")
HEADER_WITHIN: Final = 20
SAMPLE_LINES: Final = 50
_LONGEST_LINE: Final = 64 * 1024
# Of a record with more lines a quote was never closed; a note may have some.
_MOST_LINES_OF_ONE: Final = 200


class TableRecord(NamedTuple):
    """A record of the table; ``fault`` says what is wrong with its shape."""

    number: int
    cells: Sequence[str]
    fault: str | None = None


def records_of(text: str, delimiter: str) -> Iterator[TableRecord]:
    """Yield the records that are not empty; of one beyond a bound its fault.

    Where a quote is not closed its line alone is at fault: the next one is read as it stands.

    Raises:
        FileError: `too_many_lines`.
    """
    csv.field_size_limit(_LONGEST_LINE)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter)
    for _ in range(MOST_LINES + HEADER_WITHIN + 1):
        number = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _EndlessError:
            lines.go_back()
            yield TableRecord(number, (), "malformed")
        except csv.Error:
            yield TableRecord(number, (), "malformed")
        else:
            if lines.is_shortened:
                yield TableRecord(number, (), "cell_too_long")
            elif lines.has_run_on:
                lines.go_back()
                yield TableRecord(number, (), "malformed")
            elif any(map(str.strip, cells)):
                yield _checked(number, cells)
    raise FileError("too_many_lines")


def delimiter_of(text: str) -> str:
    """Return the delimiter by which most records have as many fields, and most."""
    sample = "".join(islice(text_lines(text), SAMPLE_LINES))[: 4 * _LONGEST_LINE]

    def columns(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(one.cells) for one in records_of(sample, delimiter))
        count = widths.total()
        widths.pop(1, None)
        width, times = widths.most_common(1)[0] if widths else (0, 0)
        return times / max(count, 1), width

    return max(DELIMITERS, key=columns)


class _EndlessError(Exception):
    """A record has more lines than one may have."""


class _Lines:
    """The lines of a text for one record after another; one beyond the bound is empty."""

    def __init__(self, text: str) -> None:
        self._coming = text_lines(text)
        self._again: deque[str] = deque()
        self._taken: list[str] = []  # of the present record
        self._number = 1
        self.is_shortened = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if len(self._taken) == _MOST_LINES_OF_ONE:
            raise _EndlessError
        line = self._again.popleft() if self._again else next(self._coming)
        if len(line) > _LONGEST_LINE:
            self.is_shortened, line = True, "\n"
        self._taken.append(line)
        return line

    def begin(self) -> int:
        """Begin a record; return the number of its line."""
        self._number += len(self._taken)
        self._taken, self.is_shortened = [], False
        return self._number

    @property
    def has_run_on(self) -> bool:
        """Whether a quote of the record was open to the end of the text."""
        return len(self._taken) > 1 and sum(line.count('"') for line in self._taken) % 2 == 1

    def go_back(self) -> None:
        """Let all lines of the record but its first come again."""
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]


def _checked(number: int, cells: list[str]) -> TableRecord:
    if len(cells) > MOST_COLUMNS:
        return TableRecord(number, (), "too_many_columns")
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return TableRecord(number, (), "cell_too_long")
    return TableRecord(number, cells)
