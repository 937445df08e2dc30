"""Deletes what is over and done with: sessions that have ended, links nobody can use any more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from auth.repository import Links, Sessions
from kit.db import Connection, Database
from kit.db.purge import purge_in_batches
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
    await for_ever("auth.purge", lambda: purge_once(database), every_seconds=PURGE_SECONDS)


async def purge_once(database: Database) -> None:
    """Delete all that is there to delete, batch after batch."""
    now = database.clock.now()
    for rows, kept in ((Sessions, SESSIONS_KEPT), (Links, LINKS_KEPT)):
        await _purge(database, rows, now - kept)


async def _purge(database: Database, rows: Purging, before: datetime) -> None:
    await purge_in_batches(database, lambda uow: rows(uow).purge(before, PURGE_BATCH), PURGE_BATCH)
