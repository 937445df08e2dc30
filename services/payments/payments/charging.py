"""Asks the provider about charges: leases those that are due, calls, and stores what came of it.

A call runs outside any unit of work, its outcome gets one of its own. What is not known after a
call (no answer, a crash) is asked for again under the same key, until it is.
"""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.logs import get_logger
from kit.saga import SagaEngine
from kit.tasks import all_of, for_ever
from payments.domain.charges import (
    CALM_ATTEMPTS,
    Call,
    Charge,
    ChargeStatus,
    News,
    next_call,
    pause,
)
from payments.domain.reasons import CARD_UNAVAILABLE
from payments.providers import PaymentProvider, ProviderError
from payments.providers.asking import RejectedError
from payments.repository import Charges
from payments.service.charges import learn

AT_ONCE: Final = 32
POLL_SECONDS: Final = 1.0
LEASE: Final = timedelta(seconds=20)  # longer than the calls of one turn can take

log = get_logger(__name__)


class Charging:
    """The one provider, and the charges that are made at it."""

    def __init__(self, database: Database, engine: SagaEngine, provider: PaymentProvider) -> None:
        """Take where charges are stored, whom to tell, and whom to ask."""
        self._database = database
        self._engine = engine
        self.provider = provider

    async def run(self) -> None:
        """Work off what is due, until cancelled."""
        await for_ever("payments.charges", self._run)

    async def _run(self) -> None:
        while True:
            if await self.work_off() < AT_ONCE:
                await asyncio.sleep(POLL_SECONDS)

    async def work_off(self) -> int:
        """Ask about one batch of charges that are due; returns how many there were."""
        now = self._database.clock.now()
        async with self._database.unit_of_work() as uow:
            due = await Charges(uow).lease(self.provider.name, now, now + LEASE, AT_ONCE)
        await all_of([self._settle(charge) for charge in due])
        return len(due)

    async def begin(self, charge_id: UUID) -> Charge | None:
        """Ask for a charge that nobody has asked for yet; how it stands afterwards."""
        now = self._database.clock.now()
        async with self._database.unit_of_work() as uow:
            name = self.provider.name
            fresh = await Charges(uow).lease_one(name, charge_id, now, now + LEASE)
        if fresh is not None:
            await self._settle(fresh)
        async with self._database.read() as connection:
            return await Charges(connection).get(charge_id)

    async def _settle(self, charge: Charge) -> None:
        """Make the one call that is due, and store what came of it."""
        call = next_call(charge, self._database.clock.now())
        try:
            news, is_refunded = await self._make(call, charge)
            error = None
        except ProviderError as failure:
            news, is_refunded, error = _meaning(failure, call), False, str(failure)
        async with self._database.unit_of_work() as uow:
            charges, now = Charges(uow), uow.clock.now()
            if is_refunded:
                await charges.refunded(charge.id, now)
            elif call is Call.NOTHING:
                await charges.rest(charge.id)
            elif news is None or news.status is charge.status:
                _watch(charge, error)
                await charges.keep_asking(charge.id, now + pause(charge.attempts), error, now)
            else:
                await learn(uow, self._engine, charge, news)

    async def _make(self, call: Call, charge: Charge) -> tuple[News | None, bool]:
        """Return what the provider says, and whether it has given the money back."""
        match call:
            case Call.CREATE:
                return await self.provider.create(charge), False
            case Call.FETCH:
                return await self.provider.fetch(charge), False
            case Call.CANCEL:
                return await self.provider.cancel(charge), False
            case Call.REFUND:
                return None, await self.provider.refund(charge)
            case Call.DROP:
                return News(status=ChargeStatus.CANCELLED), False
            case Call.NOTHING:
                return None, False


def _meaning(failure: ProviderError, call: Call) -> News | None:
    """Return what a failed call says of the charge: only a refusal to create it says anything."""
    if call is Call.CREATE and isinstance(failure, RejectedError):
        return News(status=ChargeStatus.FAILED, reason=CARD_UNAVAILABLE)
    return None


def _watch(charge: Charge, error: str | None) -> None:
    if error is not None and charge.attempts > CALM_ATTEMPTS:
        log.error("charge_needs_attention", charge_id=str(charge.id), error=error)
