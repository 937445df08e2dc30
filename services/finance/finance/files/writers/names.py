"""Gives accounts and categories names that a plain-text format can hold.

No two of them share one, and none can break out of its place.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from finance.files.entries import FileBook


class Names:
    """The names of a book's accounts and categories in one format.

    Args:
        spelt: Makes a part of a name of what a user wrote.
        again: Makes the n-th name, from 2 on, of one that is taken.
    """

    def __init__(
        self, book: FileBook, spelt: Callable[[str], str], again: Callable[[str, int], str]
    ) -> None:
        self._spelt, self._again = spelt, again
        self._taken: set[str] = set()
        self.accounts = {
            one.id: self._free(f"Assets:{spelt(one.name)}") for one in book.accounts.values()
        }
        self._categories = {
            one.id: self._free(
                ":".join([_ROOTS[one.type], *map(spelt, book.category_path(one.id))])
            )
            for one in book.categories.values()
        }

    def category(self, category_id: UUID | None, amount_minor: int) -> str:
        """Return the name of a category, or of none for an amount of this sign."""
        if category_id is None or category_id not in self._categories:
            return f"{_ROOTS['income' if amount_minor > 0 else 'expense']}:Uncategorised"
        return self._categories[category_id]

    def all(self) -> list[str]:
        """Return every name that an entry may use."""
        fixed = [TRANSFERS, OPENING, self.category(None, 1), self.category(None, -1)]
        return list(dict.fromkeys([*self.accounts.values(), *self._categories.values(), *fixed]))

    def _free(self, name: str) -> str:
        found, number = name, 1
        while found.casefold() in self._taken:
            number += 1
            found = self._again(name, number)
        self._taken.add(found.casefold())
        return found


_ROOTS: Final = {"income": "Income", "expense": "Expenses"}
TRANSFERS: Final = "Equity:Transfers"
OPENING: Final = "Equity:Opening-Balances"
