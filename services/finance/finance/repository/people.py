"""Stores people, a projection of auth's users."""

from collections.abc import Sequence
from typing import Final

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


class FinancePeople:
    """Stored people, as auth's events describe them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def remember(self, told: Sequence[Person]) -> None:
        """Store the newest version of each person; each may be given once."""
        people = sorted(told, key=lambda one: one.user_id)  # one lock order for all writers
        await _PEOPLE.insert_objects(self._connection, people)
