"""Writes entries as a journal of plain-text accounting, for hledger and ledger."""

from collections.abc import Iterator, Sequence
from typing import Final

from finance.files.entries import FileAccount, FileBook, FileEntry
from finance.files.texts import one_line
from finance.files.writers.names import OPENING, TRANSFERS, Names
from kit.money import decimal_text

# What ends a name, begins a comment, marks a virtual account, or parts an account's levels.
_NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys(':;()[]{}"=@*!|', "-"))
# What begins a comment, or parts payee from note.
_NOT_IN_WORDS: Final = str.maketrans({";": ",", "|": "/", "=": "-"})
# A tag's name ends with a colon, its value with a comma.
_NOT_IN_TAGS: Final = str.maketrans(dict.fromkeys(":,; ", "-"))


class HledgerWriter:
    """Writes each entry as a transaction of its own, in the order of dates.

    Each side of a transfer is balanced by one account of transfers, so that a file that holds one
    side alone is right, too.
    """

    def __init__(self, book: FileBook) -> None:
        self._book = book
        self._names = Names(book, _name, lambda name, number: f"{name} ({number})")

    def head(self) -> bytes:
        """Declare what is used, and say with what the accounts begin."""
        currencies = sorted({one.currency for one in self._book.accounts.values()})
        lines = [f"commodity {_sample(one)} {one}" for one in currencies]
        lines += [f"account {name}" for name in self._names.all()]
        text = "\n".join([*lines, "", ""])
        openings = [one for one in self._book.accounts.values() if one.begin_minor]
        return (text + "".join(map(self._opening, openings))).encode()

    def rows(self, rows: Sequence[FileEntry]) -> bytes:
        """Return the transactions of entries."""
        return "".join(map(self._transaction, rows)).encode()

    def tail(self) -> Iterator[bytes]:
        """Yield nothing: a journal has no end of its own."""
        return iter(())

    def _opening(self, account: FileAccount) -> str:
        name = self._names.accounts[account.id]
        amount = decimal_text(account.begin_minor, account.currency)
        return (
            f"{self._book.begin.isoformat()} Opening balance\n"
            f"    {name}  {amount} {account.currency}\n    {OPENING}\n\n"
        )

    def _transaction(self, entry: FileEntry) -> str:
        tags = [f"id:{entry.id}", *(f"{_tag(one)}:" for one in entry.tags)]
        words = _words(entry.description) or entry.type
        lines = [f"{entry.date.isoformat()} * {words}  ; {', '.join(tags)}"]
        if note := _words(entry.note):
            lines.append(f"    ; {note.replace(':', ' ')}")
        account = self._names.accounts[entry.account_id]
        lines.append(self._posting(account, entry.amount_minor, entry.currency))
        if entry.type == "transfer":
            lines.append(self._posting(TRANSFERS, -entry.amount_minor, entry.currency))
        for part in entry.parts if entry.type != "transfer" else ():
            name = self._names.category(part.category_id, entry.amount_minor)
            lines.append(self._posting(name, -part.amount_minor, entry.currency))
        return "\n".join([*lines, "", ""])

    @staticmethod
    def _posting(name: str, minor: int, currency: str) -> str:
        return f"    {name}  {decimal_text(minor, currency)} {currency}"


def _sample(currency: str) -> str:
    """Return an amount that shows a currency's decimals, always with a mark."""
    sample = decimal_text(100_000, currency)
    return sample if "." in sample else f"{sample}."


def _name(text: str) -> str:
    return one_line(text.translate(_NOT_IN_NAMES)) or "-"


def _words(text: str) -> str:
    """Return a text that stays in its line, and begins with no mark or code."""
    return one_line(text.translate(_NOT_IN_WORDS)).lstrip("*!( ")


def _tag(text: str) -> str:
    return one_line(text).translate(_NOT_IN_TAGS) or "-"
