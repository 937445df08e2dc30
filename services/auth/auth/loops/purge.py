"""Purges sessions that have ended, and links, codes and changes of no more use."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from auth.repository import Codes, EmailChanges, Links, Sessions
from kit.db import Connection, Database
from kit.db.purge import purge_in_batches
from kit.tasks import for_ever

# Much longer than a session's last access token lives (at most an hour), since until then its end
# may be published again; and longer than the grace of a refresh token (at most two minutes).
SESSIONS_KEPT: Final = timedelta(days=1)
# Unknown links are refused alike; these are kept to explain why a user's link was refused.
LINKS_KEPT: Final = timedelta(days=7)
# Used again so long after, a code still ends the session that it opened.
CODES_KEPT: Final = timedelta(days=1)
NOTHING: Final = timedelta(0)
PURGE_SECONDS: Final = 3600.0  # rarely: it has no index, which every refresh would have to update
PURGE_BATCH: Final = 5000

Purging = Callable[[Connection], Codes | EmailChanges | Links | Sessions]


async def run(database: Database) -> None:
    """Purge again and again, until cancelled."""
    await for_ever("auth.purge", lambda: purge_once(database), every_seconds=PURGE_SECONDS)


async def purge_once(database: Database) -> None:
    """Purge everything that is due, batch after batch."""
    now = database.clock.now()
    kept_for = (
        (Sessions, SESSIONS_KEPT),
        (Links, LINKS_KEPT),
        (Codes, CODES_KEPT),
        (EmailChanges, NOTHING),
    )
    for rows, kept in kept_for:
        await _purge(database, rows, now - kept)


async def _purge(database: Database, rows: Purging, before: datetime) -> None:
    await purge_in_batches(database, lambda uow: rows(uow).purge(before, PURGE_BATCH), PURGE_BATCH)
