"""Stores whose changes are noted for streams, and since when.

Triggers note a change where a row here names the payment, its payer or its payee.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db import Connection

# Nobody's id: until its row is over, everybody's changes are noted. An upgrade leaves it behind.
EVERYBODY: Final = UUID(int=0)

_RENEW: Final = """
UPDATE watched SET until = greatest(until, $2) WHERE subject = $1 AND is_whole RETURNING since
"""
# The number is drawn before the row can be seen: above it is what is noted because of it, below it
# are all positions that readers had before. While everybody's changes are noted theirs is as good;
# the lock keeps that so until both rows can be seen.
_BEGIN: Final = """
INSERT INTO watched (subject, since, until)
SELECT $1, coalesce((SELECT since FROM watched WHERE subject = $3 FOR SHARE),
                    nextval(pg_get_serial_sequence('payment_event', 'seq'))), $2
ON CONFLICT (subject) DO UPDATE SET until = greatest(watched.until, $2) RETURNING since
"""
# Who has begun to write payments holds this lock until all can see what was written.
_WRITERS: Final = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE relation IN ('payment'::regclass, 'charge'::regclass) AND mode = 'RowExclusiveLock'
    AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Watched:
    """The payments and people whose changes are noted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def renew(self, subject: UUID, until: datetime) -> int | None:
        """Have the subject watched until then; return since which position it is.

        None where it is not watched yet, or is only about to be.
        """
        since: int | None = await self._connection.fetchval(_RENEW, subject, until)
        return since

    async def begin(self, subject: UUID, until: datetime) -> int:
        """Have the subject watched, and return since which position.

        That is so once those have ended who write when this has been committed: `writers`.
        """
        since: int = await self._connection.fetchval(_BEGIN, subject, until, EVERYBODY)
        return since

    async def writers(self) -> set[str]:
        """Return the transactions that are writing payments, or what goes back to cards."""
        return {row[0] for row in await self._connection.fetch(_WRITERS)}

    async def complete(self, subject: UUID) -> None:
        """Note that all have ended who wrote when watching began."""
        await self._connection.execute(
            "UPDATE watched SET is_whole = true WHERE subject = $1", subject
        )

    async def purge(self, before: datetime) -> int:
        """Delete what nobody has streamed since; return how many there were."""
        return await self._connection.execute("DELETE FROM watched WHERE until < $1", before)
