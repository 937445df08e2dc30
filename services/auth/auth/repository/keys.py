"""Owns the SQL of signing keys."""

from datetime import datetime
from typing import Final

from asyncpg import Record

from auth.domain.keys import KeyStatus, PublicKey
from kit.db import Connection

# The active key retires first: there is only ever one.
_RETIRE: Final = """
UPDATE signing_key SET status = 'retired', retired_at = $1 WHERE status = 'active'
"""
_ACTIVATE: Final = """
UPDATE signing_key SET status = 'active', activated_at = $2 WHERE kid = $1 AND status = 'next'
"""


class Keys:
    """Stores signing keys; their private parts are encrypted before and after."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def one_by_one(self) -> None:
        """Make units of work that rotate keys wait for each other."""
        await self._connection.execute("SELECT pg_advisory_xact_lock(hashtext('auth.signing_key'))")

    async def add(self, key: PublicKey, private_key: bytes) -> None:
        """Store a key, unless there is one with that status."""
        await self._connection.execute(
            """INSERT INTO signing_key
                (kid, status, public_jwk, private_key, created_at, activated_at)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
            key.kid,
            key.status,
            dict(key.jwk),
            private_key,
            key.created_at,
            key.activated_at,
        )

    async def all(self) -> list[tuple[PublicKey, bytes]]:
        """Return every key with its encrypted private part, the oldest first."""
        rows = await self._connection.fetch(
            """SELECT kid, status, public_jwk, private_key, created_at, activated_at, retired_at
            FROM signing_key ORDER BY created_at, kid"""
        )
        return [(_public_key(row), row["private_key"]) for row in rows]

    async def activate(self, kid: str, now: datetime) -> None:
        """Retire the active key and activate the next one."""
        await self._connection.execute(_RETIRE, now)
        await self._connection.execute(_ACTIVATE, kid, now)

    async def remove(self, kid: str) -> None:
        """Delete a key."""
        await self._connection.execute("DELETE FROM signing_key WHERE kid = $1", kid)

    async def lock_again(self, kid: str, private_key: bytes) -> None:
        """Replace a key's encrypted private part."""
        await self._connection.execute(
            "UPDATE signing_key SET private_key = $2 WHERE kid = $1", kid, private_key
        )


def _public_key(row: Record) -> PublicKey:
    return PublicKey(
        kid=row["kid"],
        status=KeyStatus(row["status"]),
        jwk=row["public_jwk"],
        created_at=row["created_at"],
        activated_at=row["activated_at"],
        retired_at=row["retired_at"],
    )
