"""Reads what an import must know of the book that it goes into."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kit.db import Connection

_KNOWN: Final = """
SELECT import_key FROM transaction WHERE account_id = $1 AND import_key = ANY($2)
"""


class Imports:
    """Imported lines by their keys; reads any connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def known(self, account_id: UUID, keys: Sequence[str]) -> frozenset[str]:
        """Return those of the keys whose lines are on an account already."""
        rows = await self._connection.fetch(_KNOWN, account_id, list(keys))
        return frozenset(row["import_key"] for row in rows)
