"""Writes entries as QIF, account by account."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from finance.files.entries import FileBook, FileEntry
from finance.files.texts import one_line
from kit.money import decimal_text

_TYPES: Final = {"cash": "Cash", "card": "CCard"}
# A category's levels are parted by colons; brackets are an account's, a stroke begins a class.
_NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:/|^", "-"))


class QifWriter:
    """Writes entries that come account by account.

    A field is a line that begins with its letter; a text has no line breaks, so none ends early.
    """

    def __init__(self, book: FileBook) -> None:
        self._book = book
        self._account_id: UUID | None = None

    def head(self) -> bytes:
        """Return nothing: each account begins with a head of its own."""
        return b""

    def rows(self, rows: Sequence[FileEntry]) -> bytes:
        """Return entries, each account's after its head."""
        parts: list[str] = []
        for entry in rows:
            if entry.account_id != self._account_id:
                parts.append(self._begin(entry.account_id))
            parts.append(self._transaction(entry))
        return "".join(parts).encode()

    def tail(self) -> Iterator[bytes]:
        """Yield nothing: a file has no end of its own."""
        return iter(())

    def _begin(self, account_id: UUID) -> str:
        self._account_id = account_id
        account = self._book.accounts[account_id]
        kind = _TYPES.get(account.kind, "Bank")
        name = _name(account.name)
        return f"!Account\nN{name}\nT{kind}\n^\n!Type:{kind}\n"

    def _transaction(self, entry: FileEntry) -> str:
        day = f"{entry.date:%m/%d}/{entry.date.year:04}"
        lines = [f"D{day}", f"T{decimal_text(entry.amount_minor, entry.currency)}"]
        if payee := one_line(entry.counterparty or entry.description):
            lines.append(f"P{payee}")
        if memo := one_line(entry.note or (entry.counterparty and entry.description)):
            lines.append(f"M{memo}")
        lines.append(f"N{entry.id}")
        if entry.type == "transfer":
            lines.append("L[Transfers]")
        elif path := self._path(entry.parts[0].category_id):
            lines.append(f"L{path}")
        if len(entry.parts) > 1:
            for part in entry.parts:
                lines.append(f"S{self._path(part.category_id)}")
                if part.description:
                    lines.append(f"E{one_line(part.description)}")
                lines.append(f"${decimal_text(part.amount_minor, entry.currency)}")
        return "\n".join([*lines, "^", ""])

    def _path(self, category_id: UUID | None) -> str:
        return ":".join(map(_name, self._book.category_path(category_id)))


def _name(text: str) -> str:
    return one_line(text.translate(_NOT_IN_NAMES)) or "-"
