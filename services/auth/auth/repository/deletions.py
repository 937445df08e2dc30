"""Deletions under way, as rows: written before others are asked, gone when it is decided."""

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
    """Who is being deleted, and by which attempt: only the latest one may end it."""

    user_id: UUID
    attempt: UUID


class Deletions:
    """Deletions under way."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def begin(self, begun: Deletion, now: datetime, abandoned: datetime) -> bool:
        """Write a deletion down; False while another one, begun after ``abandoned``, stands."""
        return await self._connection.execute(_BEGIN, *begun, now, abandoned) == 1

    async def take(self, attempt: UUID, now: datetime, abandoned: datetime) -> Deletion | None:
        """Take over the oldest deletion that was begun before ``abandoned``."""
        row = await self._connection.fetchrow(_TAKE, attempt, now, abandoned)
        return None if row is None else Deletion(*row)

    async def end(self, ended: Deletion) -> bool:
        """Forget a deletion; False where it has been taken over."""
        count = await self._connection.execute(
            "DELETE FROM deletion WHERE user_id = $1 AND attempt = $2", *ended
        )
        return count == 1
