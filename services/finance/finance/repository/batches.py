"""Changes many rows by several statements, as one may take 30 seconds at most."""

from typing import Any, Final

from kit.db import Connection

ROWS: Final = 20_000


async def in_batches(connection: Connection, statement: str, *args: Any) -> None:
    """Run a statement until no row is left for it.

    It touches at most as many rows as its last parameter says, and none of them twice.
    """
    while await connection.execute(statement, *args, ROWS) == ROWS:
        pass
