"""Stores how far what all wallets have moved was read."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple
from uuid import UUID

from kit.db import Connection

_FIND: Final = "SELECT after, turn, stuck FROM feed_position WHERE name = 'wallet'"
_MOVE: Final = """
INSERT INTO feed_position (name, turn, after, stuck) VALUES ('wallet', $1 + 1, $2, $3)
ON CONFLICT (name) DO UPDATE
SET turn = excluded.turn, after = excluded.after, stuck = excluded.stuck
WHERE feed_position.turn = $1
RETURNING after, turn, stuck
"""


class FeedPosition(NamedTuple):
    """All entries up to `after` were read; `turn` counts how often that was stored.

    Of the wallets in `stuck` something could not be booked; they wait, and hold up nobody else.
    """

    after: int
    turn: int
    stuck: frozenset[UUID] = frozenset()

    def has_passed(self, wallet_id: UUID, position: int) -> bool:
        """Tell whether an entry of a wallet was read, booked or not."""
        return position <= self.after or wallet_id in self.stuck


class FeedPositions:
    """The stored position; it is locked before any book."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def find(self) -> FeedPosition:
        """Return the position; before everything where nothing was read yet."""
        row = await self._connection.fetchrow(_FIND)
        return FeedPosition(0, 0) if row is None else _position(row)

    async def move(
        self, seen: FeedPosition, after: int, stuck: Collection[UUID] | None = None
    ) -> FeedPosition | None:
        """Move the position on from where it was seen, and lock it.

        Wallets that were stuck are so still, unless others are named. None where another process
        has moved it meanwhile.
        """
        waiting = sorted(seen.stuck if stuck is None else stuck)
        row = await self._connection.fetchrow(_MOVE, seen.turn, after, waiting)
        return None if row is None else _position(row)


def _position(row: Any) -> FeedPosition:
    return FeedPosition(row["after"], row["turn"], frozenset(row["stuck"]))
