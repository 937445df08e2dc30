"""Deletes what is too much for one unit of work: some thousand rows at a time."""

from collections.abc import Awaitable, Callable

from kit.db.database import Database
from kit.db.unit_of_work import UnitOfWork


async def purge_in_batches(
    database: Database, batch: Callable[[UnitOfWork], Awaitable[int]], size: int
) -> int:
    """Delete in batches of at most ``size`` rows until none is due; return how many."""
    deleted = 0
    while True:
        async with database.unit_of_work() as uow:
            count = await batch(uow)
        deleted += count
        if count < size:
            return deleted
