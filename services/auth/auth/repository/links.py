"""Owns the SQL of single-use links, known only by the hash of their token."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from auth.domain.links import Link, Purpose
from kit.db import Connection

_PURGE: Final = """
DELETE FROM link WHERE token_hash IN (
    SELECT token_hash FROM link WHERE used_at < $1 OR expires_at < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


class Links:
    """Stores single-use links."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, link: Link, token_hash: bytes, now: datetime) -> None:
        """Store a link; store nothing if there is no such user."""
        await self._connection.execute(
            """INSERT INTO link (token_hash, user_id, purpose, created_at, expires_at)
            SELECT $1, id, $3, $4, $5 FROM user_account WHERE id = $2""",
            token_hash,
            link.user_id,
            link.purpose,
            now,
            link.expires_at,
        )

    async def owner(self, token_hash: bytes) -> UUID | None:
        """Return whose link this is, before anything is locked."""
        found: UUID | None = await self._connection.fetchval(
            "SELECT user_id FROM link WHERE token_hash = $1", token_hash
        )
        return found

    async def lock(self, token_hash: bytes, purposes: Sequence[Purpose]) -> Link | None:
        """Return a link for one of these purposes, locked so that it is used once."""
        row = await self._connection.fetchrow(
            """SELECT user_id, purpose, expires_at, used_at FROM link
            WHERE token_hash = $1 AND purpose = ANY($2) FOR UPDATE""",
            token_hash,
            list(purposes),
        )
        if row is None:
            return None
        return Link(row["user_id"], Purpose(row["purpose"]), row["expires_at"], row["used_at"])

    async def one_by_one(self, key: str) -> None:
        """Make requests for a link with this key wait for each other."""
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('link ' || $1, 0))", key
        )

    async def is_fresh(
        self, user_id: UUID, purpose: Purpose, now: datetime, since: datetime
    ) -> bool:
        """Tell whether a user has a link that works and was made after a time."""
        found: bool = await self._connection.fetchval(
            """SELECT EXISTS (SELECT FROM link WHERE user_id = $1 AND purpose = $2
                AND used_at IS NULL AND expires_at > $3 AND created_at > $4)""",
            user_id,
            purpose,
            now,
            since,
        )
        return found

    async def use(self, token_hash: bytes, now: datetime) -> None:
        """Mark a link as used."""
        await self._connection.execute(
            "UPDATE link SET used_at = $2 WHERE token_hash = $1", token_hash, now
        )

    async def drop_unused(self, user_id: UUID, purpose: Purpose) -> None:
        """Delete a user's unused links for this purpose, so that they no longer work."""
        await self._connection.execute(
            "DELETE FROM link WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL",
            user_id,
            purpose,
        )

    async def purge(self, before: datetime, limit: int) -> int:
        """Delete links that were used or expired before a time; return how many."""
        return await self._connection.execute(_PURGE, before, limit)
