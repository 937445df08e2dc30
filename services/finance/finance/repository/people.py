"""Stores people, a projection of auth's users."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from contracts.wallet import HOUSE, MERCHANTS
from finance.domain.people import Person
from kit.db import Connection
from kit.db.bulk import BulkInsert

_PEOPLE: Final = BulkInsert(
    "person",
    """
    ON CONFLICT (user_id) DO UPDATE SET username = excluded.username, status = excluded.status,
        version = excluded.version
    WHERE person.version < excluded.version
    """,
    user_id="uuid",
    username="text",
    status="text",
    version="bigint",
)
_NO_USERS: Final = MERCHANTS | {HOUSE}
_CALLED: Final = "SELECT user_id FROM person WHERE lower(username) = lower($1)"
_NAMES: Final = "SELECT user_id, username FROM person WHERE user_id = ANY($1)"
_DELETED: Final = "SELECT user_id FROM person WHERE user_id = ANY($1) AND status = 'deleted'"


class FinancePeople:
    """Stored people, as auth's events describe them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def remember(self, told: Sequence[Person]) -> None:
        """Store the newest version of each person; each may be given once."""
        people = sorted(told, key=lambda one: one.user_id)  # one lock order for all writers
        await _PEOPLE.insert_objects(self._connection, people)

    async def without_book(self, owner_ids: Collection[UUID]) -> set[UUID]:
        """Return those of wallets' owners who keep no book.

        That is the deleted, and who is no user: merchants and the house.
        """
        rows = await self._connection.fetch(_DELETED, list(owner_ids))
        return {row["user_id"] for row in rows} | (_NO_USERS & set(owner_ids))

    async def names(self, user_ids: Collection[UUID]) -> dict[UUID, str | None]:
        """Return the usernames of people, as far as they are known."""
        if not user_ids:
            return {}
        rows = await self._connection.fetch(_NAMES, list(user_ids))
        return {row["user_id"]: row["username"] for row in rows}

    async def called(self, username: str) -> UUID | None:
        """Return who has a username, in capital or small letters; None where nobody has."""
        found: UUID | None = await self._connection.fetchval(_CALLED, username)
        return found
