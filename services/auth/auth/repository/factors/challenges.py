"""Owns the SQL of challenges, known only by the hash of their token."""

from datetime import datetime
from typing import Final
from uuid import UUID

from auth.domain.factors.challenges import Challenge, ChallengeKind
from kit.db import Connection

# It also deletes a few that nobody can answer any more, so that the table stays small.
_ADD: Final = """
WITH over AS (
    DELETE FROM challenge WHERE token_hash IN (
        SELECT token_hash FROM challenge WHERE expires_at <= $1
        ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED))
INSERT INTO challenge (token_hash, kind, user_id, token_version, expires_at)
VALUES ($2, $3, $4, $5, $6)
"""
_LOCK: Final = """
SELECT kind, user_id, token_version, tries, expires_at FROM challenge
WHERE token_hash = $1 AND kind = $2 FOR UPDATE
"""


class Challenges:
    """Stores challenges."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Challenge, token_hash: bytes, now: datetime) -> None:
        """Store a challenge."""
        await self._connection.execute(
            _ADD, now, token_hash, new.kind, new.user_id, new.token_version, new.expires_at
        )

    async def owner(self, token_hash: bytes) -> UUID | None:
        """Return whose challenge this is, before anything is locked."""
        found: UUID | None = await self._connection.fetchval(
            "SELECT user_id FROM challenge WHERE token_hash = $1", token_hash
        )
        return found

    async def lock(self, token_hash: bytes, kind: ChallengeKind) -> Challenge | None:
        """Return a challenge of this kind, locked so that one answer at a time is judged."""
        row = await self._connection.fetchrow(_LOCK, token_hash, kind)
        if row is None:
            return None
        return Challenge(**dict(row) | {"kind": ChallengeKind(row["kind"])})

    async def count_try(self, token_hash: bytes) -> None:
        """Count a wrong answer."""
        await self._connection.execute(
            "UPDATE challenge SET tries = tries + 1 WHERE token_hash = $1", token_hash
        )

    async def end(self, token_hash: bytes) -> None:
        """Delete a challenge that has been answered."""
        await self._connection.execute("DELETE FROM challenge WHERE token_hash = $1", token_hash)

    async def forget(self, user_id: UUID) -> None:
        """Delete all challenges of a user."""
        await self._connection.execute("DELETE FROM challenge WHERE user_id = $1", user_id)
