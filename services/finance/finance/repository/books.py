"""Stores books, and locks them: whoever writes in a book has it alone.

Books are locked before anything in them, several in the order of their owners' ids.
"""

# ruff: noqa: S608 - every text is put together from the constants of this file, once, at import

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import InvalidParameterValueError, LockNotAvailableError

from finance.domain.books import BookOwner, FinanceBook, empty_book
from finance.refusals import ZoneUnknown
from finance.repository.batches import in_batches
from kit.db import Connection
from kit.refusals import TokenInvalid

_ROW: Final = "user_id, time_zone, version, created_at"
# An owner's first write makes the book; every other one waits here for the one before to commit.
_LOCK: Final = f"""
INSERT INTO book ({_ROW})
SELECT user_id, time_zone, 1, $3
FROM unnest($1::uuid[], $2::text[]) AS owner (user_id, time_zone) ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET version = book.version + 1
RETURNING {_ROW}
"""
_WAIT_BRIEFLY: Final = "SET LOCAL lock_timeout = '200ms'"
_TAKEN: Final = """
SELECT user_id FROM book WHERE user_id = ANY($1)
EXCEPT
SELECT user_id FROM (
    SELECT user_id FROM book WHERE user_id = ANY($1) FOR NO KEY UPDATE SKIP LOCKED) AS free
"""
_IS_DELETED: Final = "SELECT true FROM person WHERE user_id = $1 AND status = 'deleted'"
_FIND: Final = f"SELECT {_ROW} FROM book WHERE user_id = $1"
# A zone that PostgreSQL does not know is refused by it here, not where the days are asked for.
_SAVE_ZONE: Final = """
UPDATE book SET time_zone = $2 WHERE user_id = $1 AND (now() AT TIME ZONE $2) IS NOT NULL
"""
_LOCK_TO_FORGET: Final = """
SELECT user_id FROM book WHERE user_id = ANY($1) ORDER BY user_id FOR UPDATE
"""
_DELETE: Final = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {table} WHERE user_id = ANY($1) LIMIT $2))
"""
# In this order: what refers to something goes before it.
_IN_A_BOOK: Final = (
    "budget",
    "rule",
    "purchase",
    "split",
    "transaction",
    "recurring",
    "category",
    "account",
    "book",
)


class BookTakenError(Exception):
    """Somebody writes in one of these books for long."""


class Books:
    """Stored books; changes need a unit of work, reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, owner: BookOwner, now: datetime) -> FinanceBook:
        """Lock somebody's book until the unit of work ends, made where there is none.

        Its version is one more from here on.

        Raises:
            TokenInvalid: somebody who was deleted meanwhile is to have no book again.
        """
        book = (await self.lock_many((owner,), now))[owner.user_id]
        if book.version == 1 and await self._connection.fetchval(_IS_DELETED, owner.user_id):
            raise TokenInvalid
        return book

    async def lock_many(
        self, owners: Collection[BookOwner], now: datetime
    ) -> Mapping[UUID, FinanceBook]:
        """Lock several people's books, as ``lock`` does one; each owner may be given once.

        Raises:
            BookTakenError: somebody writes in one of them, and it is waited for only briefly.
        """
        ids, zones = [one.user_id for one in owners], [one.time_zone for one in owners]
        try:
            rows = await self._connection.fetch(_LOCK, ids, zones, now)
        except LockNotAvailableError as error:
            raise BookTakenError from error
        return {row["user_id"]: FinanceBook(**row) for row in rows}

    async def wait_briefly(self) -> None:
        """Wait for no lock longer than a moment, until the unit of work ends."""
        await self._connection.execute(_WAIT_BRIEFLY)

    async def taken(self, user_ids: Collection[UUID]) -> set[UUID]:
        """Return whose books somebody writes in just now; those that are free stay so."""
        rows = await self._connection.fetch(_TAKEN, list(user_ids))
        return {row["user_id"] for row in rows}

    async def find(self, owner: BookOwner) -> FinanceBook:
        """Return somebody's book as it is; an empty one of version 0 where there is none."""
        row = await self._connection.fetchrow(_FIND, owner.user_id)
        return empty_book(owner) if row is None else FinanceBook(**row)

    async def save_zone(self, user_id: UUID, time_zone: str) -> None:
        """Store another time zone of a locked book.

        Raises:
            ZoneUnknown: PostgreSQL, which may have an older time zone database, does not know it.
        """
        try:
            await self._connection.execute(_SAVE_ZONE, user_id, time_zone)
        except InvalidParameterValueError:
            raise ZoneUnknown from None

    async def forget(self, user_ids: Iterable[UUID]) -> None:
        """Delete the books of deleted people, with all that is in them."""
        gone = list(user_ids)
        await self._connection.execute(_LOCK_TO_FORGET, gone)
        for table in _IN_A_BOOK:
            await in_batches(self._connection, _DELETE.format(table=table), gone)
