"""Reads the provider's log of refunds and disputes, for events no webhook brought.

A webhook may be lost, or sent with a wrong signature; nothing else would ever tell of a dispute,
or of a refund made on the provider's own page. Events that webhooks brought are known already,
and nothing is counted twice. It costs the provider one call a minute, made by one process of
all, usually of one short page.
"""

from datetime import timedelta
from typing import Final

from kit.db import Database
from kit.logs import get_logger
from kit.tasks import for_ever
from payments.loops.provider_events import ProviderEventWorker
from payments.providers import PaymentProvider, ProviderError
from payments.repository import ProviderEvents

EVERY: Final = timedelta(minutes=1)
AGAIN: Final = timedelta(minutes=10)  # this much is read twice, as lists may be late
AT_FIRST: Final = timedelta(days=1)
AT_ONCE: Final = timedelta(hours=1)  # the longest stretch, after an outage
CALM: Final = AT_FIRST + AT_ONCE  # no alarm before that: webhooks still bring events

log = get_logger(__name__)


class ProviderLog:
    """The loop that reads the log of one provider."""

    def __init__(
        self, database: Database, provider: PaymentProvider, provider_events: ProviderEventWorker
    ) -> None:
        """Take where the position is stored, whom to ask, and who keeps the events found."""
        self._database = database
        self._provider = provider
        self._events = provider_events

    async def run(self) -> None:
        """Read on, until cancelled."""
        await for_ever("payments.provider_log", self.read, every_seconds=EVERY.total_seconds())

    async def read(self) -> bool:
        """Read one stretch of time; return whether there is more to read at once."""
        now, name = self._database.clock.now(), self._provider.name
        async with self._database.unit_of_work() as uow:
            since = await ProviderEvents(uow, name).begin_reading(now, now - AT_FIRST, now + EVERY)
        if since is None:
            return False
        until = min(now, since + AT_ONCE)
        try:
            found = await self._provider.recent(since - AGAIN, until)
        except ProviderError as failure:
            report = log.error if now - since > CALM else log.warning
            report("provider_log_not_read", provider=name, since=str(since), error=str(failure))
            return False
        for notice in found:
            await self._events.keep(notice)
        is_behind = until < now
        async with self._database.unit_of_work() as uow:
            again = now if is_behind else now + EVERY
            await ProviderEvents(uow, name).end_reading(until, again)
        return is_behind
