"""Writes entries as a ledger of plain-text accounting, for Beancount."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from finance.files.entries import FileAccount, FileBook, FileEntry
from finance.files.texts import one_line
from finance.files.writers.names import OPENING, TRANSFERS, Names
from kit.money import decimal_text

_OPENED: Final = "1900-01-01"  # no entry is older
_TAG: Final = re.compile(r"[A-Za-z0-9_/.-]+")
_QUOTED: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})
_BEGINS: Final = frozenset({"Lu", "Nd"})


class BeancountWriter:
    """Writes each entry as a transaction of its own; transfers as for hledger."""

    def __init__(self, book: FileBook) -> None:
        self._book = book
        self._names = Names(book, _component, lambda name, number: f"{name}-{number}")

    def head(self) -> bytes:
        """Open the accounts, and say with what they begin."""
        lines = ['option "title" "Saldo"', ""]
        lines += [f"{_OPENED} open {name}" for name in self._names.all()]
        openings = [one for one in self._book.accounts.values() if one.begin_minor]
        return ("\n".join([*lines, "", ""]) + "".join(map(self._opening, openings))).encode()

    def rows(self, rows: Sequence[FileEntry]) -> bytes:
        """Return the transactions of entries."""
        return "".join(map(self._transaction, rows)).encode()

    def tail(self) -> Iterator[bytes]:
        """Yield nothing: a ledger has no end of its own."""
        return iter(())

    def _opening(self, account: FileAccount) -> str:
        name = self._names.accounts[account.id]
        lines = [
            f'{self._book.begin.isoformat()} * "Opening balance"',
            _posting(name, account.begin_minor, account.currency),
            _posting(OPENING, -account.begin_minor, account.currency),
        ]
        return "\n".join([*lines, "", ""])

    def _transaction(self, entry: FileEntry) -> str:
        known = [one for one in entry.tags if _TAG.fullmatch(one)]
        others = [one for one in entry.tags if not _TAG.fullmatch(one)]
        words = _quoted(entry.description or entry.type)
        tags = "".join(f" #{one}" for one in dict.fromkeys(known))
        lines = [f"{entry.date.isoformat()} * {words}{tags}", f'  id: "{entry.id}"']
        if others:
            lines.append(f"  tags: {_quoted(', '.join(others))}")
        if entry.note:
            lines.append(f"  note: {_quoted(entry.note)}")
        account = self._names.accounts[entry.account_id]
        lines.append(_posting(account, entry.amount_minor, entry.currency))
        if entry.type == "transfer":
            lines.append(_posting(TRANSFERS, -entry.amount_minor, entry.currency))
        for part in entry.parts if entry.type != "transfer" else ():
            name = self._names.category(part.category_id, entry.amount_minor)
            lines.append(_posting(name, -part.amount_minor, entry.currency))
        return "\n".join([*lines, "", ""])


def _posting(name: str, minor: int, currency: str) -> str:
    return f"  {name}  {decimal_text(minor, currency)} {currency}"


def _quoted(text: str) -> str:
    return f'"{one_line(text).translate(_QUOTED)}"'


def _component(text: str) -> str:
    """Return a text as a part of a name: a capital, letters, digits, dashes."""
    kept = "".join(one if _may_stand(one) else "-" for one in one_line(text)) or "-"
    first = kept[0].upper()
    fits = len(first) == 1 and unicodedata.category(first) in _BEGINS
    return first + kept[1:] if fits else f"X{kept}"


def _may_stand(one: str) -> bool:
    category = unicodedata.category(one)
    return category.startswith("L") or category == "Nd"
