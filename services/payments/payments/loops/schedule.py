"""Pays scheduled payments when their time comes."""

from typing import Final

from kit.db import Database
from kit.saga import SagaEngine
from kit.tasks import for_ever
from payments.domain.policies import Policies
from payments.service.payments import DUE_BATCH, carry_out

LOOK_SECONDS: Final = 1.0


async def sweep(database: Database, engine: SagaEngine, policies: Policies) -> None:
    """Pay scheduled payments that are due, every second, until cancelled."""

    async def once() -> bool:
        return await sweep_once(database, engine, policies) == DUE_BATCH

    await for_ever("payments.schedule", once, every_seconds=LOOK_SECONDS)


async def sweep_once(database: Database, engine: SagaEngine, policies: Policies) -> int:
    """Pay one batch of due payments; return how many there were."""
    async with database.unit_of_work() as uow:
        return len(await carry_out(uow, engine, policies))
