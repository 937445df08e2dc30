"""Forgets old webhooks, and skips what still waits for endpoints that are off; now and then."""

import asyncio
from datetime import timedelta
from typing import Final

from kit.db import Database
from kit.tasks import for_ever
from notifications.repository import Deliveries

EVERY_SECONDS: Final = 600.0
BATCH: Final = 1_000


async def keep_up(database: Database, kept: timedelta) -> None:
    """Tidy again and again, until cancelled."""

    async def once() -> None:
        await tidy(database, kept)
        await asyncio.sleep(EVERY_SECONDS)

    await for_ever("webhooks.upkeep", once)


async def tidy(database: Database, kept: timedelta) -> int:
    """Forget what is older than that, some at a time; returns how many messages went."""
    deleted = 0
    while True:
        async with database.unit_of_work() as uow:
            count = await Deliveries(uow).purge(uow.clock.now() - kept, BATCH)
        deleted += count
        if count < BATCH:
            break
    async with database.unit_of_work() as uow:
        now = uow.clock.now()
        await Deliveries(uow).skip_waiting(now)
        await Deliveries(uow).purge_endpoints(now - kept)
    return deleted
