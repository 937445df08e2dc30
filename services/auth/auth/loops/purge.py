"""Purges sessions that have ended, and links that nobody can use any more."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from auth.repository import Links, Sessions
from kit.db import Connection, Database
from kit.tasks import for_ever

# Much longer than a session's last access token lives (at most an hour), since until then its end
# may be published again; and longer than the grace of a refresh token (at most two minutes).
SESSIONS_KEPT: Final = timedelta(days=1)
# Unknown links are refused alike; these are kept to explain why a user's link was refused.
LINKS_KEPT: Final = timedelta(days=7)
PURGE_SECONDS: Final = 3600.0  # rarely: it has no index, which every refresh would have to update
PURGE_BATCH: Final = 5000

Purging = Callable[[Connection], Sessions | Links]


async def run(database: Database) -> None:
    """Purge again and again, until cancelled."""

    async def once() -> None:
        await purge_once(database)
        await asyncio.sleep(PURGE_SECONDS)

    await for_ever("auth.purge", once)


async def purge_once(database: Database) -> None:
    """Purge everything that is due, batch after batch."""
    now = database.clock.now()
    await _purge(database, Sessions, now - SESSIONS_KEPT)
    await _purge(database, Links, now - LINKS_KEPT)


async def _purge(database: Database, rows: Purging, before: datetime) -> None:
    deleted = PURGE_BATCH
    while deleted == PURGE_BATCH:
        async with database.unit_of_work() as uow:
            deleted = await rows(uow).purge(before, PURGE_BATCH)
