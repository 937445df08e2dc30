"""Defines a book: all that finance keeps of one user, written by one at a time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID


class BookOwner(NamedTuple):
    """Whose book it is, and the time zone that the book begins with."""

    user_id: UUID
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceBook:
    """All that finance keeps of one user.

    Attributes:
        time_zone: The IANA zone that days are meant in.
        version: Grows with every write of anything in it; 0 before the first. Whatever is computed
            from the book is still true while this is the same.
    """

    user_id: UUID
    time_zone: str
    version: int
    created_at: datetime


def empty_book(owner: BookOwner) -> FinanceBook:
    """Return the book of somebody who has none yet."""
    return FinanceBook(
        user_id=owner.user_id,
        time_zone=owner.time_zone,
        version=0,
        created_at=datetime.min.replace(tzinfo=UTC),
    )
