"""Lists the formats: how each is written and read, and what it is called."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeVar

from finance.files.entries import FileBook, FileEntry
from finance.files.readers.csv import read_csv
from finance.files.readers.lines import Choices, Reading
from finance.files.readers.ofx import read_ofx
from finance.files.readers.qif import read_qif
from finance.files.tables import TableColumn, TableRow
from finance.files.writers.beancount import BeancountWriter
from finance.files.writers.csv import CsvWriter
from finance.files.writers.hledger import HledgerWriter
from finance.files.writers.json import JsonWriter
from finance.files.writers.ofx import OfxWriter
from finance.files.writers.qif import QifWriter

T_contra = TypeVar("T_contra", contravariant=True)
Reader = Callable[[bytes, str, Choices], Reading]


class FileWriter(Protocol[T_contra]):
    """Writes a file a batch of rows at a time."""

    def head(self) -> bytes:
        """Return what stands before the rows."""
        ...

    def rows(self, rows: Sequence[T_contra]) -> bytes:
        """Return the next rows."""
        ...

    def tail(self) -> Iterator[bytes]:
        """Yield what stands behind the rows."""
        ...


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What a file of a format is, and in which order its entries stand."""

    extension: str
    media_type: str
    order: Literal["date", "account"] = "date"


FORMATS: Final[Mapping[str, FileFormat]] = {
    "csv": FileFormat("csv", "text/csv; charset=utf-8"),
    "xlsx": FileFormat("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "json": FileFormat("json", "application/json"),
    "ofx": FileFormat("ofx", "application/x-ofx", "account"),
    "qif": FileFormat("qif", "application/qif", "account"),
    "hledger": FileFormat("journal", "text/plain; charset=utf-8"),
    "beancount": FileFormat("beancount", "text/plain; charset=utf-8"),
}
TABLES: Final = frozenset({"csv", "xlsx", "json"})
READERS: Final[Mapping[str, Reader]] = {"csv": read_csv, "ofx": read_ofx, "qif": read_qif}
MEDIA_TYPES: Final[Mapping[str, str]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ofx": "ofx",
    "application/ofx": "ofx",
    "application/vnd.intu.qfx": "ofx",
    "application/qif": "qif",
    "application/x-qif": "qif",
}


def table_writer(
    name: str, columns: Sequence[TableColumn], folder: Path, *, bom: bool
) -> FileWriter[TableRow]:
    """Return what writes a table; ``folder`` is for what can't be written in one go."""
    match name:
        case "csv":
            return CsvWriter(columns, bom=bom)
        case "json":
            return JsonWriter(columns)
        case _:  # nothing else needs it, and it is large
            from finance.files.writers.xlsx import XlsxWriter

            return XlsxWriter(columns, folder)


def entry_writer(name: str, book: FileBook, now: datetime) -> FileWriter[FileEntry]:
    """Return what writes the entries of a book."""
    writers: dict[str, Callable[[], Any]] = {
        "ofx": lambda: OfxWriter(book, now),
        "qif": lambda: QifWriter(book),
        "hledger": lambda: HledgerWriter(book),
        "beancount": lambda: BeancountWriter(book),
    }
    writer: FileWriter[FileEntry] = writers[name]()
    return writer
