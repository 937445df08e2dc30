"""Deletes what is over and done with: sessions that have ended, links nobody can use any more."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from auth.repository import Links, Sessions
from kit.db import Connection, Database
from kit.tasks import for_ever

# Much longer than the last access token of a session lives (an hour at most), for which its end is
# published again, and than the grace of a refresh token (two minutes at most).
SESSIONS_KEPT: Final = timedelta(days=1)
# Refused alike, known or not; kept for whoever asks why somebody's link was refused.
LINKS_KEPT: Final = timedelta(days=7)
PURGE_SECONDS: Final = 3600.0  # no index serves it, so that a refresh has none to keep
PURGE_BATCH: Final = 5000

Purging = Callable[[Connection], Sessions | Links]


async def run(database: Database) -> None:
    """Delete again and again, until cancelled."""

    async def once() -> None:
        await purge_once(database)
        await asyncio.sleep(PURGE_SECONDS)

    await for_ever("auth.purge", once)


async def purge_once(database: Database) -> None:
    """Delete all that is there to delete, batch after batch."""
    now = database.clock.now()
    await _purge(database, Sessions, now - SESSIONS_KEPT)
    await _purge(database, Links, now - LINKS_KEPT)


async def _purge(database: Database, rows: Purging, before: datetime) -> None:
    deleted = PURGE_BATCH
    while deleted == PURGE_BATCH:
        async with database.unit_of_work() as uow:
            deleted = await rows(uow).purge(before, PURGE_BATCH)
