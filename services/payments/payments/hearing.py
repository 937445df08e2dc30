"""Hears providers of card payments: keeps what their webhooks tell, and then works it off.

A webhook is answered once it is kept, which is quick whatever it brings about. What fails is put
off and comes again, and holds up nothing beside it.
"""

from typing import Final

from kit.db import Database
from kit.db.outages import is_outage
from kit.logs import get_logger
from kit.messaging.doorbell import Doorbell
from kit.saga import SagaEngine
from kit.tasks import for_ever
from payments.domain.charges import CALM_ATTEMPTS, Notice
from payments.repository import ProviderEvents
from payments.service.charges import hear, hint

AT_ONCE: Final = 100
POLL_SECONDS: Final = 0.5  # where the webhook came to another process

log = get_logger(__name__)


class Hearing:
    """What one provider tells."""

    def __init__(self, database: Database, engine: SagaEngine, provider: str) -> None:
        """Take where events are kept, whom to tell, and whose they are."""
        self._database = database
        self._engine = engine
        self._provider = provider
        self._bell = Doorbell()

    async def keep(self, notice: Notice) -> None:
        """Keep what a webhook tells, each event once; what is not believed is only a hint."""
        async with self._database.unit_of_work() as uow:
            if not notice.is_believed:
                await hint(uow, self._provider, notice)
            elif await ProviderEvents(uow, self._provider).keep(notice, uow.clock.now()):
                uow.after_commit(self._bell.ring)

    async def run(self) -> None:
        """Work off what is due, until cancelled."""
        await for_ever("payments.hearing", self._run)

    async def _run(self) -> None:
        while True:
            if await self.work_off() < AT_ONCE:
                await self._bell.wait(POLL_SECONDS)

    async def work_off(self) -> int:
        """Let one batch of events have its effect, all together or each alone; how many it was."""
        try:
            return await self._hear(AT_ONCE)
        except Exception as error:
            if await is_outage(self._database, error):
                raise
            log.warning("hearing_failed", provider=self._provider, error=repr(error))
        for turn in range(AT_ONCE):
            if not await self._hear_one():
                return turn
        return AT_ONCE

    async def _hear(self, most: int) -> int:
        async with self._database.unit_of_work() as uow:
            events = ProviderEvents(uow, self._provider)
            notices = await events.due(uow.clock.now(), most)
            if notices:
                await hear(uow, self._engine, self._provider, notices)
                await events.heard([notice.event_id for notice in notices])
        return len(notices)

    async def _hear_one(self) -> int:
        try:
            return await self._hear(1)
        except Exception as error:
            if await is_outage(self._database, error):
                raise
            failure = error
        async with self._database.unit_of_work() as uow:
            events, now = ProviderEvents(uow, self._provider), uow.clock.now()
            for notice in await events.due(now, 1):
                attempts = await events.later(notice.event_id, now)
                tell = log.error if attempts > CALM_ATTEMPTS else log.warning
                tell("event_put_off", event_id=notice.event_id, error=repr(failure))
        return 1
