"""Stores transactions."""

from typing import Final
from uuid import UUID

from kit.db import Connection

_REDATE: Final = """
UPDATE transaction SET date = (at AT TIME ZONE $2)::date
WHERE user_id = $1 AND at IS NOT NULL AND date <> (at AT TIME ZONE $2)::date
"""
_REDATE_SPLITS: Final = """
UPDATE split SET date = transaction.date FROM transaction
WHERE split.user_id = $1 AND transaction.id = transaction_id AND split.date <> transaction.date
"""


class Transactions:
    """Stored transactions; changes need a unit of work and its book locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def redate(self, user_id: UUID, time_zone: str) -> None:
        """Give each transaction whose moment is known its day in another zone."""
        await self._connection.execute(_REDATE, user_id, time_zone)
        await self._connection.execute(_REDATE_SPLITS, user_id)
