"""Waits for conditions and runs loops in tests, with a limit."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from kit.db import Database
from kit.tasks import spawn, stop

_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
LIMIT_SECONDS = float(os.environ.get("SALDO_TEST_LIMIT_SECONDS", "20"))


async def until(
    holds: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within: float = LIMIT_SECONDS
) -> None:
    """Wait until a condition holds; TimeoutError after the limit."""
    async with asyncio.timeout(within):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.01)


def waits(database: Database, *, how_many: int = 1) -> Callable[[], Awaitable[bool]]:
    """Return the condition that so many statements wait for what others have locked."""

    async def are_waiting() -> bool:
        async with database.read() as connection:
            return bool(await connection.fetchval(_WAITING) >= how_many)

    return are_waiting


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run loops for as long as the block runs."""
    tasks = [spawn(work, "in a test") for work in works]
    try:
        yield
    finally:
        await stop(tasks)
