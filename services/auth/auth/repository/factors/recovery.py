"""Owns the SQL of recovery codes, known only by their hashes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.db import Connection


class RecoveryCodes:
    """Stores recovery codes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def replace(self, user_id: UUID, hashes: Sequence[bytes]) -> None:
        """Store a user's new codes; all older ones end."""
        await self.remove(user_id)
        await self._connection.execute(
            "INSERT INTO recovery_code (user_id, code_hash) SELECT $1, unnest($2::bytea[])",
            user_id,
            list(hashes),
        )

    async def use(self, user_id: UUID, code_hash: bytes, now: datetime) -> bool:
        """Use a code; return False if it is not one of the user's, or was used before."""
        count = await self._connection.execute(
            """UPDATE recovery_code SET used_at = $3
            WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL""",
            user_id,
            code_hash,
            now,
        )
        return count == 1

    async def left(self, user_id: UUID) -> int:
        """Count the codes that a user can still use."""
        found: int = await self._connection.fetchval(
            "SELECT count(*) FROM recovery_code WHERE user_id = $1 AND used_at IS NULL", user_id
        )
        return found

    async def remove(self, user_id: UUID) -> None:
        """Delete all codes of a user."""
        await self._connection.execute("DELETE FROM recovery_code WHERE user_id = $1", user_id)
