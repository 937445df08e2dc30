"""Owns the SQL of changes of e-mail addresses that wait to be confirmed."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from auth.domain.emails import EmailChange
from kit.db import Connection

_SELECT: Final = """
SELECT user_id, email, expires_at, old_confirmed, new_confirmed FROM email_change
WHERE user_id = ANY($1) AND expires_at > $2
"""
_SAVE: Final = """
INSERT INTO email_change (user_id, email, expires_at, old_confirmed, new_confirmed)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id) DO UPDATE SET
    email = $2, expires_at = $3, old_confirmed = $4, new_confirmed = $5
"""
_PURGE: Final = """
DELETE FROM email_change WHERE user_id IN (
    SELECT user_id FROM email_change WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


class EmailChanges:
    """Stores changes of addresses under way, one of a user."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def among(self, user_ids: Collection[UUID], now: datetime) -> dict[UUID, EmailChange]:
        """Return the changes of these users that can still be confirmed."""
        rows = await self._connection.fetch(_SELECT, list(user_ids), now)
        return {row["user_id"]: _change(row) for row in rows}

    async def lock(self, user_id: UUID, now: datetime) -> EmailChange | None:
        """Return a user's change, locked until it is confirmed or dropped."""
        row = await self._connection.fetchrow(_SELECT + "FOR UPDATE", [user_id], now)
        return None if row is None else _change(row)

    async def save(self, change: EmailChange) -> None:
        """Store a change; it takes the place of an earlier one."""
        await self._connection.execute(
            _SAVE,
            change.user_id,
            change.email,
            change.expires_at,
            change.old_confirmed,
            change.new_confirmed,
        )

    async def drop(self, user_id: UUID) -> bool:
        """Delete a user's change; return False if there is none."""
        count = await self._connection.execute(
            "DELETE FROM email_change WHERE user_id = $1", user_id
        )
        return count == 1

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete changes that expired before a time; return how many."""
        return await self._connection.execute(_PURGE, before, limit)


def _change(row: Record) -> EmailChange:
    return EmailChange(**row)
