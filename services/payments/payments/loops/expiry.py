"""Ends what is over by time: unpaid payments, old changes, names on cards."""

from datetime import datetime, timedelta
from typing import Final

from kit.db import Database
from kit.db.purge import purge_in_batches
from kit.tasks import for_ever
from payments.domain.changes import CHANGES_KEPT
from payments.repository import Changes, KeyDays, KnownPeople, Limits, Watched
from payments.repository.cards.provider_events import purge_events
from payments.service.payments import EXPIRY_BATCH, expire

PURGE_SECONDS: Final = 600.0
DAYS_KEPT: Final = timedelta(days=60)  # longer than a payment can be on its way
EVENTS_KEPT: Final = timedelta(days=90)  # providers repeat events for 30 days at most
PURGE_BATCH: Final = 5000


async def sweep(database: Database, every_seconds: float) -> None:
    """Cancel payments that nobody paid in time, again and again, until cancelled."""

    async def once() -> bool:
        return await sweep_once(database) == EXPIRY_BATCH

    await for_ever("payments.expiry", once, every_seconds=every_seconds)


async def sweep_once(database: Database) -> int:
    """Cancel one batch of overdue payments; return how many there were."""
    async with database.unit_of_work() as uow:
        return len(await expire(uow))


async def forget(database: Database, card_holder_days: int) -> None:
    """Delete old changes, days, events and names on cards, until cancelled."""

    async def once() -> None:
        before = database.clock.now() - CHANGES_KEPT
        await purge_changes(database, before)
        await purge_card_holders(database, card_holder_days)
        async with database.unit_of_work() as uow:
            await Watched(uow).purge(database.clock.now())
            first_kept = (database.clock.now() - DAYS_KEPT).date()
            await Limits(uow).purge(first_kept)
            await KeyDays(uow).purge(first_kept)
            await purge_events(uow, database.clock.now() - EVENTS_KEPT, PURGE_BATCH)

    await for_ever("payments.changes", once, every_seconds=PURGE_SECONDS)


async def purge_changes(database: Database, before: datetime) -> int:
    """Delete the changes before a time, in batches; return how many there were."""
    return await purge_in_batches(
        database, lambda uow: Changes(uow).purge(before, PURGE_BATCH), PURGE_BATCH
    )


async def purge_card_holders(database: Database, days: int) -> int:
    """Delete the names on cards of ended payments so old, in batches; return how many."""
    before = database.clock.now() - timedelta(days=days)
    return await purge_in_batches(
        database,
        lambda uow: KnownPeople(uow).forget_old_card_holders(before, PURGE_BATCH),
        PURGE_BATCH,
    )
