"""Decides the rows of bulks, some at a time, of the bulk that has waited longest.

The parties are looked up first, outside any unit of work.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kit.db import Database
from kit.db.due import DueWatch
from kit.saga import SagaEngine
from kit.tasks import for_ever
from kit.wake_up import WakeUp
from payments.clients.parties import find_parties_of_many
from payments.clients.services import ServicesClient
from payments.domain.bulk import CHUNK
from payments.domain.policies import Terms
from payments.repository import Bulks
from payments.service.bulk import decide_rows

LEASE: Final = timedelta(seconds=10)  # longer than looking up the parties takes


@dataclass(frozen=True, slots=True)
class BulkWorker:
    """The loop over bulks; ``wake_up`` is set when this process has accepted one."""

    database: Database
    services: ServicesClient
    engine: SagaEngine
    terms: Terms
    wake_up: WakeUp

    async def run(self) -> None:
        """Work until cancelled."""
        due = DueWatch(self.database, lambda read: Bulks(read).next_at(), at_once=self.wake_up)
        await for_ever("payments.bulk", lambda: self._run(due))

    async def _run(self, due: DueWatch) -> None:
        while True:
            if not await self.once():
                await due.wait()

    async def once(self) -> bool:
        """Decide some rows of one bulk; False where no bulk waits."""
        async with self.database.unit_of_work() as uow:
            bulks = Bulks(uow)
            bulk = await bulks.take(uow.clock.now(), LEASE)
            orders = [] if bulk is None else await bulks.waiting(bulk, CHUNK)
        if bulk is None:
            return False
        parties = await find_parties_of_many(self.database, self.services, orders)
        async with self.database.unit_of_work() as uow:
            asked = list(zip(orders, parties, strict=True))
            await decide_rows(uow, self.engine, self.terms, bulk, asked)
        return True
