"""Cancels payments that nobody paid in time, batch by batch, for as long as the worker runs."""

import asyncio

from kit.db import Database
from kit.tasks import for_ever
from payments.service import EXPIRY_BATCH, expire


async def sweep(database: Database, every_seconds: float) -> None:
    """Sweep again and again, until cancelled."""
    await for_ever("payments.expiry", lambda: _sweep(database, every_seconds))


async def _sweep(database: Database, every_seconds: float) -> None:
    while True:
        if await sweep_once(database) < EXPIRY_BATCH:
            await asyncio.sleep(every_seconds)


async def sweep_once(database: Database) -> int:
    """Cancel one batch; returns how many there were."""
    async with database.unit_of_work() as uow:
        return len(await expire(uow))
