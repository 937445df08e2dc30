"""Owns the SQL of deletions under way.

A row is written before payments and wallet are asked, and removed when the deletion is decided.
"""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from kit.db import Connection

_BEGIN: Final = """
INSERT INTO deletion AS standing (user_id, attempt, begun_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE SET attempt = $2, begun_at = $3 WHERE standing.begun_at <= $4
"""
_TAKE: Final = """
UPDATE deletion SET attempt = $1, begun_at = $2 WHERE user_id = (
    SELECT user_id FROM deletion WHERE begun_at <= $3
    ORDER BY begun_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING user_id, attempt
"""


class Deletion(NamedTuple):
    """The attempt to delete a user; only the latest attempt may end it."""

    user_id: UUID
    attempt: UUID


class Deletions:
    """Stores deletions under way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def begin(self, begun: Deletion, now: datetime, abandoned: datetime) -> bool:
        """Store a deletion; return False while another, begun after `abandoned`, exists."""
        return await self._connection.execute(_BEGIN, *begun, now, abandoned) == 1

    async def take(self, attempt: UUID, now: datetime, abandoned: datetime) -> Deletion | None:
        """Take over the oldest deletion that was begun before `abandoned`."""
        row = await self._connection.fetchrow(_TAKE, attempt, now, abandoned)
        return None if row is None else Deletion(*row)

    async def end(self, ended: Deletion) -> bool:
        """Remove a deletion; return False if another attempt has taken it over."""
        count = await self._connection.execute(
            "DELETE FROM deletion WHERE user_id = $1 AND attempt = $2", *ended
        )
        return count == 1
