"""What ends by time alone: payments that nobody paid, and answers kept by Idempotency-Key."""

import asyncio
from typing import Final

from kit.db import Database
from kit.tasks import for_ever
from kit.web.idempotency import purge
from payments.service.payments import EXPIRY_BATCH, expire

PURGE_SECONDS: Final = 600.0


async def sweep(database: Database, every_seconds: float) -> None:
    """Cancel what nobody paid in time, again and again, until cancelled."""
    await for_ever("payments.expiry", lambda: _sweep(database, every_seconds))


async def _sweep(database: Database, every_seconds: float) -> None:
    while True:
        if await sweep_once(database) < EXPIRY_BATCH:
            await asyncio.sleep(every_seconds)


async def sweep_once(database: Database) -> int:
    """Cancel one batch; returns how many there were."""
    async with database.unit_of_work() as uow:
        return len(await expire(uow))


async def forget_answers(database: Database) -> None:
    """Delete answers by Idempotency-Key that nobody can ask for any more, until cancelled."""

    async def once() -> None:
        await purge(database)
        await asyncio.sleep(PURGE_SECONDS)

    await for_ever("payments.idempotency", once)
