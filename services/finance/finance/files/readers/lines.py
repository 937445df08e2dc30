"""Says what is read from a file: lines to book, faults, and how it was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Final

from finance.domain.dates.periods import FIRST_DAY, LAST_DAY

MOST_LINES: Final = 200_000
MOST_COLUMNS: Final = 100
MOST_ACCOUNTS: Final = 100  # that are named
LONGEST_ACCOUNT: Final = 100
LONGEST_CELL: Final = 10_240  # characters; our own notes are half as long

FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "malformed": ("The line is not of this format.", "Строка не этого формата."),
    "fields_missing": (
        "The line has fewer fields than its columns need.",
        "В строке меньше полей, чем нужно столбцам.",
    ),
    "too_many_columns": (
        f"Not more than {MOST_COLUMNS} columns.",
        f"Не больше {MOST_COLUMNS} столбцов.",
    ),
    "cell_too_long": (
        f"Not more than {LONGEST_CELL} characters.",
        f"Не больше {LONGEST_CELL} знаков.",
    ),
    "date_malformed": ("This is no date of the chosen order.", "Это не дата выбранного порядка."),
    "date_out_of_range": (
        f"Dates are from {FIRST_DAY} to {LAST_DAY}.",
        f"Даты — с {FIRST_DAY} по {LAST_DAY}.",
    ),
    "amount_malformed": ("This is no amount.", "Это не сумма."),
    "amount_zero": ("The amount is zero.", "Сумма равна нулю."),
    "amount_too_precise": (
        "The currency has fewer decimals.",
        "У валюты меньше знаков после запятой.",
    ),
    "amount_too_large": ("The amount is too large.", "Слишком большая сумма."),
    "not_carried_out": (
        "The bank did not carry it out.",
        "Банк не провёл эту операцию.",
    ),
    "currency_differs": (
        "The account has another currency.",
        "У счёта другая валюта.",
    ),
}


class FileError(ValueError):
    """Nothing of the file can be read; ``code`` says why.

    Of `several_accounts` the first are named, lest nobody knows what can be chosen.
    """

    def __init__(self, code: str, accounts: Iterable[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.accounts = list(islice(accounts, MOST_ACCOUNTS))


class LineError(ValueError):
    """A line can't be booked; ``code`` is one of FAULTS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file that can be booked.

    Attributes:
        number: Where it begins, from 1.
        amount_minor: Above zero is income.
        category: A category's name in the file.
        key: What the file tells it apart by; empty where it has nothing of the kind.
    """

    number: int
    date: date
    amount_minor: int
    description: str = ""
    note: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    at: datetime | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line that can't be booked, and why."""

    number: int
    code: str


@dataclass(frozen=True, slots=True)
class Choices:
    """How a file is to be read; what is None is guessed.

    Attributes:
        mapping: Columns by what they hold, each by its name or its number from 1.
        only_account: The one account of the file that is taken.
    """

    encoding: str | None = None
    delimiter: str | None = None
    date_order: str | None = None
    decimal: str | None = None
    mapping: Mapping[str, str] | None = None
    only_account: str | None = None


@dataclass(slots=True)
class Reading:
    """What was read of a file, and how.

    Attributes:
        columns: The names of a table's columns; of those without one, their numbers.
        mapping: The column of each thing that was found.
        ambiguous: What was guessed though it could be otherwise.
    """

    lines: list[Line] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    encoding: str | None = None
    delimiter: str | None = None
    date_order: str | None = None
    decimal: str | None = None
    header_line: int | None = None
    columns: list[str] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    ambiguous: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def count(self) -> None:
        """Refuse a file with too many lines; called for each line on the way."""
        if len(self.lines) + len(self.faults) > MOST_LINES:
            raise FileError("too_many_lines")
