"""Pays scheduled payments when their time comes."""

import asyncio
from typing import Final

from kit.db import Database
from kit.saga import SagaEngine
from kit.tasks import for_ever
from payments.domain.policies import Policies
from payments.service.payments import DUE_BATCH, carry_out

LOOK_SECONDS: Final = 1.0


async def sweep(database: Database, engine: SagaEngine, policies: Policies) -> None:
    """Pay scheduled payments that are due, every second, until cancelled."""
    await for_ever("payments.schedule", lambda: _sweep(database, engine, policies))


async def _sweep(database: Database, engine: SagaEngine, policies: Policies) -> None:
    while True:
        if await sweep_once(database, engine, policies) < DUE_BATCH:
            await asyncio.sleep(LOOK_SECONDS)


async def sweep_once(database: Database, engine: SagaEngine, policies: Policies) -> int:
    """Pay one batch of due payments; return how many there were."""
    async with database.unit_of_work() as uow:
        return len(await carry_out(uow, engine, policies))
