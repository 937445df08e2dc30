"""Cancels orders that nobody paid in time."""

from kit.db import Database
from kit.saga import SagaEngine
from kit.tasks import for_ever
from shop.service.orders import EXPIRY_BATCH, expire


async def sweep(database: Database, engine: SagaEngine, every_seconds: float) -> None:
    """Cancel orders whose time is over, again and again, until cancelled."""

    async def once() -> bool:
        return await sweep_once(database, engine) == EXPIRY_BATCH

    await for_ever("shop.expiry", once, every_seconds=every_seconds)


async def sweep_once(database: Database, engine: SagaEngine) -> int:
    """Cancel one batch of overdue orders; return how many there were."""
    async with database.unit_of_work() as uow:
        return len(await expire(uow, engine))
