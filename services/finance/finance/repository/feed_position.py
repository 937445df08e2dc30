"""Stores how far what all wallets have moved was read."""

from typing import Final, NamedTuple

from kit.db import Connection

_FIND: Final = "SELECT after, turn FROM feed_position WHERE name = 'wallet'"
_MOVE: Final = """
INSERT INTO feed_position (name, turn, after) VALUES ('wallet', $1 + 1, $2)
ON CONFLICT (name) DO UPDATE SET turn = excluded.turn, after = excluded.after
WHERE feed_position.turn = $1
RETURNING after, turn
"""


class FeedPosition(NamedTuple):
    """All entries up to `after` were read; `turn` counts how often that was stored."""

    after: int
    turn: int


class FeedPositions:
    """The stored position; it is locked before any book."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self) -> FeedPosition:
        """Return the position; before everything where nothing was read yet."""
        row = await self._connection.fetchrow(_FIND)
        return FeedPosition(0, 0) if row is None else FeedPosition(*row)

    async def move(self, seen: FeedPosition, after: int) -> FeedPosition | None:
        """Move the position on from where it was seen, and lock it.

        None where another process has moved it meanwhile.
        """
        row = await self._connection.fetchrow(_MOVE, seen.turn, after)
        return None if row is None else FeedPosition(*row)
