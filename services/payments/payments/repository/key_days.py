"""Stores what was begun to be paid by API keys, day by day."""

from datetime import date
from typing import Final

from kit.db import Connection
from payments.domain.limits import KeyLimit

# As with people's days: by the row's own figure, so that many at once never exceed the limit.
_COUNT: Final = """
INSERT INTO key_day (key_id, day, spent_minor)
SELECT $1, $2, $3 WHERE $3::bigint <= $4::bigint
ON CONFLICT (key_id, day) DO UPDATE
    SET spent_minor = key_day.spent_minor + excluded.spent_minor
    WHERE key_day.spent_minor + excluded.spent_minor <= $4
"""


class KeyDays:
    """Stored counts of keys; a day's row is locked after the days of people."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self, limit: KeyLimit, minor: int, day: date) -> bool:
        """Count what a key begins to pay, if its day has room; False where it has none."""
        counted = await self._connection.execute(
            _COUNT, limit.key_id, day, minor, limit.per_day.minor
        )
        return counted == 1

    async def purge(self, before: date) -> int:
        """Delete days before this one; return how many."""
        return await self._connection.execute("DELETE FROM key_day WHERE day < $1", before)
