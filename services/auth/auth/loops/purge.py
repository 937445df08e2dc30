"""Purges what is over: sessions, keys, links, codes, wrong passwords, places."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from auth.domain.audit import GUESSES_KEPT
from auth.domain.lockout import PLACE_KEPT
from auth.repository import (
    ApiKeys,
    Codes,
    EmailChanges,
    Guesses,
    KnownPlaces,
    Links,
    Logins,
    Sessions,
)
from kit.db import Connection, Database
from kit.db.purge import purge_in_batches
from kit.tasks import for_ever

# Much longer than a session's last access token lives (at most an hour), since until then its end
# may be published again; and longer than the grace of a refresh token (at most two minutes).
SESSIONS_KEPT: Final = timedelta(days=1)
# Unknown links are refused alike; these are kept to explain why a user's link was refused.
LINKS_KEPT: Final = timedelta(days=7)
API_KEYS_KEPT: Final = timedelta(days=30)  # for whoever asks what a row of the audit log was about
# Used again so long after, a code still ends the session that it opened.
CODES_KEPT: Final = timedelta(days=1)
NOTHING: Final = timedelta(0)
PURGE_SECONDS: Final = 3600.0  # rarely: it has no index, which every refresh would have to update
PURGE_BATCH: Final = 5000

Purging = Callable[
    [Connection], ApiKeys | Codes | EmailChanges | Guesses | KnownPlaces | Links | Logins | Sessions
]

_KEPT: Final[tuple[tuple[Purging, timedelta], ...]] = (
    (Sessions, SESSIONS_KEPT),
    (Links, LINKS_KEPT),
    (ApiKeys, API_KEYS_KEPT),
    (Codes, CODES_KEPT),
    (EmailChanges, NOTHING),
    (Logins, NOTHING),
    (KnownPlaces, PLACE_KEPT),
    (Guesses, GUESSES_KEPT),
)


async def run(database: Database) -> None:
    """Purge again and again, until cancelled."""
    await for_ever("auth.purge", lambda: purge_once(database), every_seconds=PURGE_SECONDS)


async def purge_once(database: Database, batch: int = PURGE_BATCH) -> None:
    """Purge everything that is due, batch after batch."""
    now = database.clock.now()
    for rows, kept in _KEPT:
        await _purge(database, rows, now - kept, batch)


async def _purge(database: Database, rows: Purging, before: datetime, batch: int) -> None:
    await purge_in_batches(database, lambda uow: rows(uow).purge(before, batch), batch)
