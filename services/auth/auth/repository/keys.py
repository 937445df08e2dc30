"""Owns the SQL of signing keys."""

from datetime import datetime

from asyncpg import Record

from auth.domain.keys import KeyStatus, PublicKey
from kit.db import Connection


class Keys:
    """Stores signing keys; their private parts are encrypted before and after."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, key: PublicKey, private_key: bytes, now: datetime) -> None:
        """Store a key, unless there is one with that status."""
        await self._connection.execute(
            """INSERT INTO signing_key (kid, status, public_jwk, private_key, activated_at)
            VALUES ($1, $2, $3, $4, CASE WHEN $2 = 'active' THEN $5::timestamptz END)
            ON CONFLICT DO NOTHING""",
            key.kid,
            key.status,
            dict(key.jwk),
            private_key,
            now,
        )

    async def all(self) -> list[tuple[PublicKey, bytes]]:
        """Return every key with its encrypted private part."""
        rows = await self._connection.fetch(
            "SELECT kid, status, public_jwk, private_key, retired_at FROM signing_key ORDER BY kid"
        )
        return [(_public_key(row), row["private_key"]) for row in rows]


def _public_key(row: Record) -> PublicKey:
    return PublicKey(row["kid"], KeyStatus(row["status"]), row["public_jwk"], row["retired_at"])
