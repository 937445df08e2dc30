"""Stores who wants to be told of new payments; `known.py` reads it, too."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from kit.db import Connection

# Nobody's id. Its row says that all listeners are known; without it everybody is told of.
ALL_ARE_KNOWN: Final = UUID(int=0)

_ADD: Final = """
INSERT INTO listener (user_id) SELECT id FROM unnest($1::uuid[]) AS given (id) ORDER BY id
ON CONFLICT DO NOTHING
"""


class Listeners:
    """Who listens; nobody is ever taken off.

    An event too many is dropped where it arrives.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, user_ids: Collection[UUID], *, are_all: bool) -> None:
        """Add listeners; ``are_all`` says that with them all are known."""
        added = [*user_ids, ALL_ARE_KNOWN] if are_all else list(user_ids)
        await self._connection.execute(_ADD, added)
