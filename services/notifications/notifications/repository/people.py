"""Owns the SQL of people, a projection of auth's users."""

from collections.abc import Sequence
from typing import Final

from kit.db import Connection
from notifications.domain.people import Person

_REMEMBER: Final = """
INSERT INTO person (user_id, username, status, version, has_email)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::boolean[])
ON CONFLICT (user_id) DO UPDATE
SET username = excluded.username, status = excluded.status, version = excluded.version,
    has_email = excluded.has_email
WHERE person.version < excluded.version
"""


class People:
    """Stores people as auth's events describe them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def remember(self, told: Sequence[Person]) -> None:
        """Store the newest version of each person; each may be given once."""
        people = sorted(told, key=lambda one: one.user_id)  # one lock order for all writers
        await self._connection.execute(
            _REMEMBER,
            [one.user_id for one in people],
            [one.username for one in people],
            [one.status for one in people],
            [one.version for one in people],
            [one.has_email for one in people],
        )
