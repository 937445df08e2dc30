"""Owns the SQL of authenticator apps' keys; they are encrypted before and after."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from auth.domain.factors.totp import Totp
from kit.db import Connection


class Totps:
    """Stores the key of each user's authenticator app."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def begin(self, user_id: UUID, secret: bytes, now: datetime) -> bool:
        """Store a key to be confirmed, over one never confirmed; False if one has been."""
        count = await self._connection.execute(
            """INSERT INTO totp AS known (user_id, secret, created_at) VALUES ($1, $2, $3)
            ON CONFLICT (user_id) DO UPDATE SET secret = $2, created_at = $3, last_step = NULL
            WHERE known.confirmed_at IS NULL""",
            user_id,
            secret,
            now,
        )
        return count == 1

    async def lock(self, user_id: UUID) -> Totp | None:
        """Return a user's app, locked so that one code at a time is judged."""
        row = await self._connection.fetchrow(
            "SELECT secret, last_step, confirmed_at FROM totp WHERE user_id = $1 FOR UPDATE",
            user_id,
        )
        if row is None:
            return None
        return Totp(user_id, row["secret"], row["last_step"], row["confirmed_at"])

    async def use(self, user_id: UUID, step: int, now: datetime) -> None:
        """Store the step of a code that was used; the first one confirms the app."""
        await self._connection.execute(
            """UPDATE totp SET last_step = $2, confirmed_at = coalesce(confirmed_at, $3)
            WHERE user_id = $1""",
            user_id,
            step,
            now,
        )

    async def confirmed_at(self, user_id: UUID) -> datetime | None:
        """Return since when a user has a confirmed app, None without one."""
        found: datetime | None = await self._connection.fetchval(
            "SELECT confirmed_at FROM totp WHERE user_id = $1", user_id
        )
        return found

    async def remove(self, user_id: UUID) -> bool:
        """Delete a user's app; return whether there was a confirmed one."""
        found = await self._connection.fetchval(
            "DELETE FROM totp WHERE user_id = $1 RETURNING confirmed_at", user_id
        )
        return found is not None

    async def lock_some(self, after: UUID, limit: int) -> list[Totp]:
        """Return the next users' apps, in the order of their ids, locked."""
        rows = await self._connection.fetch(
            """SELECT user_id, secret, last_step, confirmed_at FROM totp
            WHERE user_id > $1 ORDER BY user_id LIMIT $2 FOR UPDATE""",
            after,
            limit,
        )
        return [Totp(*row) for row in rows]

    async def lock_again(self, keys: Sequence[tuple[UUID, bytes]]) -> None:
        """Replace the encrypted keys of users' apps."""
        await self._connection.executemany("UPDATE totp SET secret = $2 WHERE user_id = $1", keys)
