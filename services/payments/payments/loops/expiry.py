"""Ends what is over by time: unpaid payments; old changes, days and events."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from kit.db import Database
from kit.tasks import for_ever
from payments.repository import Changes, Limits
from payments.repository.cards.provider_events import purge_events
from payments.service.payments import EXPIRY_BATCH, expire

PURGE_SECONDS: Final = 600.0
CHANGES_KEPT: Final = timedelta(days=7)
DAYS_KEPT: Final = timedelta(days=60)  # longer than a payment can be on its way
EVENTS_KEPT: Final = timedelta(days=90)  # providers repeat events for 30 days at most
PURGE_BATCH: Final = 5000


async def sweep(database: Database, every_seconds: float) -> None:
    """Cancel payments that nobody paid in time, again and again, until cancelled."""
    await for_ever("payments.expiry", lambda: _sweep(database, every_seconds))


async def _sweep(database: Database, every_seconds: float) -> None:
    while True:
        if await sweep_once(database) < EXPIRY_BATCH:
            await asyncio.sleep(every_seconds)


async def sweep_once(database: Database) -> int:
    """Cancel one batch of overdue payments; return how many there were."""
    async with database.unit_of_work() as uow:
        return len(await expire(uow))


async def forget_changes(database: Database) -> None:
    """Delete changes that no stream can resume from, and old limited days and events."""

    async def once() -> None:
        before = database.clock.now() - CHANGES_KEPT
        while await purge_changes(database, before) == PURGE_BATCH:
            pass
        async with database.unit_of_work() as uow:
            await Limits(uow).purge((database.clock.now() - DAYS_KEPT).date())
            await purge_events(uow, database.clock.now() - EVENTS_KEPT, PURGE_BATCH)
        await asyncio.sleep(PURGE_SECONDS)

    await for_ever("payments.changes", once)


async def purge_changes(database: Database, before: datetime) -> int:
    """Delete one batch of changes; return how many there were."""
    async with database.unit_of_work() as uow:
        return await Changes(uow).purge(before, PURGE_BATCH)
