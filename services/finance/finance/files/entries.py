"""Says what a file tells of a book: its accounts, categories and transactions."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

EntryType = Literal["income", "expense", "transfer"]


@dataclass(frozen=True, slots=True)
class FileAccount:
    """An account; ``begin_minor`` is its balance before the first entry of the file."""

    id: UUID
    name: str
    kind: str
    currency: str
    begin_minor: int = 0
    end_minor: int = 0


@dataclass(frozen=True, slots=True)
class FileCategory:
    """A category; ``type`` is income or expense."""

    id: UUID
    name: str
    type: str
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FilePart:
    """What one category has of a transaction, signed as it is."""

    category_id: UUID | None
    amount_minor: int
    description: str | None = None


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A transaction of one account; income and what comes in is above zero.

    Attributes:
        at: The moment, where one is known; ``date`` is its day for the user.
        parts: One for each category; the only one where it is not split.
    """

    id: UUID
    account_id: UUID
    date: date
    type: EntryType
    amount_minor: int
    currency: str
    parts: tuple[FilePart, ...]
    at: datetime | None = None
    description: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    transfer_id: UUID | None = None
    counterparty: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class FileBook:
    """What entries refer to, and the days of the file, in the user's time zone."""

    begin: date
    end: date
    accounts: dict[UUID, FileAccount] = field(default_factory=dict)
    categories: dict[UUID, FileCategory] = field(default_factory=dict)
    zone: str = "UTC"

    def category_path(self, category_id: UUID | None) -> tuple[str, ...]:
        """Return the names from the root category down; nothing where there is none."""
        names: list[str] = []
        while category_id is not None and category_id in self.categories:
            found = self.categories[category_id]
            names.append(found.name)
            category_id = found.parent_id
        return tuple(reversed(names))
