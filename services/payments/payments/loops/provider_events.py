"""Stores what the card provider's webhooks tell, and applies it in the background.

A webhook is answered once its event is stored, so the answer is quick whatever the event brings
about. An event that fails, or is about a charge not known yet, is tried again later and does not
hold up the others.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from prometheus_client import Counter

from kit.db import Database, UnitOfWork
from kit.db.due import DueWatch
from kit.db.outages import is_outage
from kit.logs import get_logger
from kit.saga import SagaEngine
from kit.tasks import for_ever
from kit.wake_up import WakeUp
from payments.domain.cards.charges import CALM_ATTEMPTS, ProviderNotice
from payments.repository import ProviderEvents
from payments.repository.cards.provider_events import Kept
from payments.service.cards.provider_events import UnappliedEvents, apply_events, hint

AT_ONCE: Final = 100
# How long a charge may stay unknown. A provider's account can be shared with other shops, and
# nothing but time tells their charges from ours that are not stored yet.
PATIENCE: Final = timedelta(days=3)

unclaimed_events = Counter(
    "saldo_provider_events_unclaimed", "Events about no known charge", ["provider"]
)

log = get_logger(__name__)


class ProviderEventWorker:
    """The loop over the events of one provider."""

    def __init__(
        self, database: Database, engine: SagaEngine, refunds: SagaEngine, provider: str
    ) -> None:
        """Take the event store, the engines of payments and refunds, and whose events."""
        self._database = database
        self._engine = engine
        self._refunds = refunds
        self._provider = provider
        self._wake_up = WakeUp()

    async def keep(self, notice: ProviderNotice) -> None:
        """Store what a webhook tells, each event once; an unsigned one is only a hint."""
        async with self._database.unit_of_work() as uow:
            if not notice.is_believed:
                await hint(uow, self._provider, notice)
            elif await ProviderEvents(uow, self._provider).keep(notice, uow.clock.now()):
                uow.after_commit(self._wake_up.set)
            uow.after_commit(uow.wake_up.set)  # what it brings about, wherever that is worked on

    async def run(self) -> None:
        """Apply the events that are due, until cancelled."""
        due = DueWatch(
            self._database,
            lambda read: ProviderEvents(read, self._provider).next_at(),
            at_once=self._wake_up,
        )
        await for_ever("payments.provider_events", lambda: self._run(due))

    async def _run(self, due: DueWatch) -> None:
        while True:
            if await self.work_off() < AT_ONCE:
                await due.wait()

    async def work_off(self) -> int:
        """Apply one batch of events, all together or else one by one; return how many."""
        try:
            return await self._apply(AT_ONCE)
        except Exception as error:
            if await is_outage(self._database, error):
                raise
            log.warning("hearing_failed", provider=self._provider, error=repr(error))
        for turn in range(AT_ONCE):
            if not await self._apply_one():
                return turn
        return AT_ONCE

    async def _apply(self, most: int) -> int:
        async with self._database.unit_of_work() as uow:
            events = ProviderEvents(uow, self._provider)
            kept = await events.due(uow.clock.now(), most)
            if kept:
                uow.after_commit(uow.wake_up.set)
                notices = [one.notice for one in kept]
                unapplied = await apply_events(
                    uow, self._engine, self._refunds, self._provider, notices
                )
                await events.mark_applied(kept)
                await self._put_off(uow, kept, unapplied)
        return len(kept)

    async def _put_off(
        self, uow: UnitOfWork, kept: Iterable[Kept], unapplied: UnappliedEvents
    ) -> None:
        """Plan another try for events that came too early; give up the unclear ones."""
        events, now = ProviderEvents(uow, self._provider), uow.clock.now()
        for one in kept:
            if one.notice in unapplied.unclear:
                await events.give_up(one, now)
            elif one.notice not in unapplied.early:
                continue
            elif now - one.received_at < PATIENCE:
                await events.later(one, now)
            else:
                await events.give_up(one, now)
                self._unclaimed(one)

    def _unclaimed(self, event: Kept) -> None:
        """Log that nobody knows the charge: an error only if it carries an id of ours."""
        unclaimed_events.labels(self._provider).inc()
        is_ours = event.notice.charge_id is not None
        report = log.error if is_ours else log.warning
        notice = event.notice
        report(
            "event_unclaimed",
            provider=self._provider,
            event_id=notice.event_id,
            kind=notice.kind,
        )

    async def _apply_one(self) -> int:
        try:
            return await self._apply(1)
        except Exception as error:
            if await is_outage(self._database, error):
                raise
            failure = error
        async with self._database.unit_of_work() as uow:
            events, now = ProviderEvents(uow, self._provider), uow.clock.now()
            for event in await events.due(now, 1):
                attempts = await events.later(event, now)
                report = log.error if attempts > CALM_ATTEMPTS else log.warning
                report("event_put_off", event_id=event.notice.event_id, error=repr(failure))
        return 1
