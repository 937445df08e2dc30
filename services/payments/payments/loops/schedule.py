"""Pays scheduled payments when their time comes."""

from kit.db import Database
from kit.db.due import DueWatch
from kit.saga import SagaEngine
from kit.tasks import for_ever
from payments.domain.policies import Policies
from payments.repository import Payments
from payments.service.payments import DUE_BATCH, carry_out


async def sweep(database: Database, engine: SagaEngine, policies: Policies) -> None:
    """Pay scheduled payments when they are due, until cancelled."""
    due = DueWatch(database, lambda read: Payments(read).next_due_at())

    async def once() -> None:
        while True:
            if await sweep_once(database, engine, policies) < DUE_BATCH:
                await due.wait()

    await for_ever("payments.schedule", once)


async def sweep_once(database: Database, engine: SagaEngine, policies: Policies) -> int:
    """Pay one batch of due payments; return how many there were."""
    async with database.unit_of_work() as uow:
        return len(await carry_out(uow, engine, policies))
