"""Reads what the provider tells of refunds and disputes by itself, for what no webhook has brought.

A webhook may be lost, or sent with a wrong signature; nothing else would ever tell of a refund that
was made at the provider's own page, or of a dispute. What webhooks have brought is known already,
and nothing is counted twice. It costs the provider one call a minute (of all processes one makes
it), as a rule of one short page.
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
AGAIN: Final = timedelta(minutes=10)  # read twice, as lists may be late
AT_FIRST: Final = timedelta(days=1)
AT_ONCE: Final = timedelta(hours=1)  # after an outage, stretch by stretch
CALM: Final = AT_FIRST + AT_ONCE  # webhooks are heard meanwhile

log = get_logger(__name__)


class ProviderLog:
    """What one provider tells when it is asked."""

    def __init__(
        self, database: Database, provider: PaymentProvider, provider_events: ProviderEventWorker
    ) -> None:
        """Take where it is noted how far was read, whom to ask, and who hears what is found."""
        self._database = database
        self._provider = provider
        self._hearing = provider_events

    async def run(self) -> None:
        """Read on, until cancelled."""
        await for_ever("payments.provider_log", self.read, every_seconds=EVERY.total_seconds())

    async def read(self) -> bool:
        """Read one stretch of time; tells whether there is more to be read at once."""
        now, name = self._database.clock.now(), self._provider.name
        async with self._database.unit_of_work() as uow:
            since = await ProviderEvents(uow, name).begin_reading(now, now - AT_FIRST, now + EVERY)
        if since is None:
            return False
        until = min(now, since + AT_ONCE)
        try:
            found = await self._provider.recent(since - AGAIN, until)
        except ProviderError as failure:
            tell = log.error if now - since > CALM else log.warning
            tell("provider_log_not_read", provider=name, since=str(since), error=str(failure))
            return False
        for notice in found:
            await self._hearing.keep(notice)
        is_behind = until < now
        async with self._database.unit_of_work() as uow:
            again = now if is_behind else now + EVERY
            await ProviderEvents(uow, name).end_reading(until, again)
        return is_behind
