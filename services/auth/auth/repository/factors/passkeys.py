"""Owns the SQL of passkeys."""

# ruff: noqa: S608 - every text is put together from constants, once, at import

from dataclasses import asdict, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from auth.domain.factors.passkeys import Passkey
from kit.db import Connection

_COLUMNS: Final = ", ".join(one.name for one in fields(Passkey))
_ADD: Final = f"""
INSERT INTO passkey ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
"""
_OF_USER: Final = f"SELECT {_COLUMNS} FROM passkey WHERE user_id = $1 ORDER BY created_at, id"
_RENAME: Final = f"UPDATE passkey SET name = $3 WHERE user_id = $1 AND id = $2 RETURNING {_COLUMNS}"
_LOCK: Final = f"SELECT {_COLUMNS} FROM passkey WHERE credential_id = $1 FOR UPDATE"


class Passkeys:
    """Stores passkeys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, new: Passkey) -> bool:
        """Store a passkey; return False if its credential is known already."""
        return await self._connection.execute(_ADD, *asdict(new).values()) == 1

    async def of_user(self, user_id: UUID) -> list[Passkey]:
        """Return all passkeys of a user, oldest first."""
        return [_passkey(row) for row in await self._connection.fetch(_OF_USER, user_id)]

    async def owner(self, credential_id: bytes) -> UUID | None:
        """Return whose passkey has this credential, before anything is locked."""
        found: UUID | None = await self._connection.fetchval(
            "SELECT user_id FROM passkey WHERE credential_id = $1", credential_id
        )
        return found

    async def lock(self, credential_id: bytes) -> Passkey | None:
        """Return the passkey of a credential, locked so that its count grows in order."""
        row = await self._connection.fetchrow(_LOCK, credential_id)
        return None if row is None else _passkey(row)

    async def use(self, passkey_id: UUID, sign_count: int, now: datetime) -> None:
        """Store the count of an answer."""
        await self._connection.execute(
            "UPDATE passkey SET sign_count = $2, last_used_at = $3 WHERE id = $1",
            passkey_id,
            sign_count,
            now,
        )

    async def rename(self, user_id: UUID, passkey_id: UUID, name: str) -> Passkey | None:
        """Give a user's passkey another name; return it, None if it is not theirs."""
        row = await self._connection.fetchrow(_RENAME, user_id, passkey_id, name)
        return None if row is None else _passkey(row)

    async def remove(self, user_id: UUID, *, only: UUID | None = None) -> int:
        """Delete a user's passkeys, all or only one; return how many."""
        return await self._connection.execute(
            "DELETE FROM passkey WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2)",
            user_id,
            only,
        )


def _passkey(row: Record) -> Passkey:
    return Passkey(**dict(row) | {"transports": tuple(row["transports"])})
