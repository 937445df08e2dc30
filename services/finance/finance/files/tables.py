"""Says which columns transactions have where a file is a table."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from finance.files.entries import FileBook, FileEntry
from kit.csv_text import time_cell
from kit.money import decimal_text

ColumnKind = Literal["text", "code", "amount", "date", "count"]
TableRow = tuple[str, ...]
TableRowOf = Callable[[FileEntry], TableRow]


class TableColumn(NamedTuple):
    """A column: its name, and what its cells are.

    A text is somebody's, a code is ours; an amount is a signed decimal, a date as in ISO 8601, a
    count a whole number. All are strings, and empty where there is nothing.
    """

    name: str
    kind: ColumnKind = "text"


TRANSACTIONS: Final = (
    TableColumn("date", "date"),
    TableColumn("account"),
    TableColumn("type", "code"),
    TableColumn("amount", "amount"),
    TableColumn("currency", "code"),
    TableColumn("category"),
    TableColumn("description"),
    TableColumn("note"),
    TableColumn("tags"),
    TableColumn("counterparty"),
    TableColumn("reference"),
    TableColumn("at", "code"),
    TableColumn("id", "code"),
    TableColumn("transfer_id", "code"),
)


def row_of(book: FileBook) -> TableRowOf:
    """Return what makes a row of an entry; a split one names all its categories."""

    def row(entry: FileEntry) -> TableRow:
        paths = (book.category_path(part.category_id) for part in entry.parts)
        return (
            entry.date.isoformat(),
            book.accounts[entry.account_id].name,
            entry.type,
            decimal_text(entry.amount_minor, entry.currency),
            entry.currency,
            "; ".join(" / ".join(path) for path in paths if path),
            entry.description,
            entry.note,
            ", ".join(entry.tags),
            entry.counterparty,
            entry.reference,
            time_cell(entry.at),
            str(entry.id),
            "" if entry.transfer_id is None else str(entry.transfer_id),
        )

    return row
