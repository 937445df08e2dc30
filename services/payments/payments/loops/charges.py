"""Calls the provider about charges and refunds that are due; stores the outcome.

What is due is leased; a call runs outside any unit of work, and its outcome is stored in one of
its own. If the outcome is unknown after a call (no answer, a crash), the call is made again
under the same key until it is known.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.db.due import DueWatch
from kit.logs import get_logger
from kit.saga import SagaEngine
from kit.tasks import all_of, for_ever
from kit.wake_up import WakeUp
from payments.domain.cards.charges import (
    CALM_ATTEMPTS,
    Call,
    Charge,
    ChargeStatus,
    News,
    next_call,
    pause,
)
from payments.domain.cards.refunds import CardRefund, CardRefundNews, CardRefundStatus
from payments.domain.reasons import CARD_UNAVAILABLE
from payments.providers import PaymentProvider, ProviderError
from payments.providers.calls import RejectedError
from payments.repository import CardRefunds, Charges
from payments.service.cards import recoveries, refunds
from payments.service.cards.charges import keep_fault, learn

AT_ONCE: Final = 32
LEASE: Final = timedelta(seconds=20)  # longer than the calls of one turn can take
READ_AGAIN: Final = timedelta(minutes=1)  # if the refunds of a charge could not be read

log = get_logger(__name__)


class ChargeWorker:
    """The loop over the charges made at the one provider, and over their refunds."""

    def __init__(
        self,
        database: Database,
        engine: SagaEngine,
        refunds: SagaEngine,
        provider: PaymentProvider,
        wake_up: WakeUp,
    ) -> None:
        """Take where charges are stored and which provider to ask.

        Args:
            database: Where charges and refunds are stored.
            engine: Gets a signal when a payment's charge ends.
            refunds: Gets a signal when a refund to a card ends.
            provider: Asked about both.
            wake_up: Set when a refund is wanted in this process.
        """
        self._database = database
        self._engine = engine
        self._refunds = refunds
        self.provider = provider
        self._wake_up = wake_up

    async def run(self) -> None:
        """Make the calls that are due, until cancelled."""
        due = DueWatch(
            self._database, lambda read: Charges(read).next_call_at(), at_once=self._wake_up
        )
        await for_ever("payments.charges", lambda: self._run(due))

    async def _run(self, due: DueWatch) -> None:
        while True:
            if await self.work_off() < AT_ONCE:
                await due.wait()

    async def work_off(self) -> int:
        """Make a batch of calls: about charges, refunds, and lists of refunds.

        Returns how many the longest of the three batches had.
        """
        now, name = self._database.clock.now(), self.provider.name
        async with self._database.unit_of_work() as uow:
            due = await Charges(uow).lease(name, now, now + LEASE, AT_ONCE)
            back = await CardRefunds(uow).lease(name, now, now + LEASE, AT_ONCE)
            charged = await Charges(uow).among([one.charge_id for one in back]) if back else {}
            to_read = await Charges(uow).lease_refunds(name, now, now + READ_AGAIN, AT_ONCE)
        await all_of(
            [
                *(self._settle(charge) for charge in due),
                *(self._give_back(charged[one.charge_id], one) for one in back),
                *(self._read_refunds(charge, now + READ_AGAIN) for charge in to_read),
            ]
        )
        return max(len(due), len(back), len(to_read))

    async def begin(self, charge_id: UUID) -> Charge | None:
        """Make a charge's first call unless it was made; return how the charge stands."""
        now = self._database.clock.now()
        async with self._database.unit_of_work() as uow:
            name = self.provider.name
            fresh = await Charges(uow).lease_one(name, charge_id, now, now + LEASE)
        if fresh is not None:
            await self._settle(fresh)
        async with self._database.read() as connection:
            return await Charges(connection).get(charge_id)

    async def _settle(self, charge: Charge) -> None:
        """Make the one call that is due, and store its outcome."""
        call = next_call(charge, self._database.clock.now())
        try:
            news, fault = await self._make(call, charge), None
        except ProviderError as failure:
            news, fault = _meaning(failure, call), failure.fault
        error = None if fault is None else fault.text
        async with self._database.unit_of_work() as uow:
            charges, now = Charges(uow), uow.clock.now()
            if call is Call.NOTHING:
                await charges.rest(charge.id)
            elif news is None or news.status is charge.status:
                _watch(charge, error)
                await charges.keep_asking(charge.id, now + pause(charge.attempts), error, now)
            else:
                await learn(uow, self._engine, {charge.id: (charge, news)})
            # Last: its foreign key takes a share lock on the charge, and taking the full lock
            # after that could deadlock.
            await keep_fault(
                uow, charge, call.name.lower(), fault or (news.fault if news else None)
            )

    async def _make(self, call: Call, charge: Charge) -> News | None:
        """Make the call and return what the provider says."""
        match call:
            case Call.CREATE:
                return await self.provider.create(charge)
            case Call.FETCH:
                return await self.provider.fetch(charge)
            case Call.CANCEL:
                return await self.provider.cancel(charge)
            case Call.DROP:
                return News(status=ChargeStatus.CANCELLED)
            case Call.NOTHING:
                return None

    async def _give_back(self, charge: Charge, refund: CardRefund) -> None:
        """Ask the provider to refund, or how the refund stands, and store the outcome."""
        async with self._database.unit_of_work() as uow:
            if not await refunds.is_due(uow, self._refunds, charge, refund):
                return
        news: CardRefundNews | None = None
        error = fault = None
        try:
            if refund.reference is None:
                news = await self.provider.refund(charge, refund)
            else:
                news = await self.provider.fetch_refund(charge, refund)
        except ProviderError as failure:
            error, fault = failure.fault.text, failure.fault
            if refund.reference is None and isinstance(failure, RejectedError):
                news = CardRefundNews(status=CardRefundStatus.REFUSED)
        async with self._database.unit_of_work() as uow:
            await refunds.learn(uow, self._refunds, charge, refund, news=news, error=error)
            await keep_fault(uow, charge, "refund", fault or (news.fault if news else None))

    async def _read_refunds(self, charge: Charge, until: datetime) -> None:
        """Read all refunds of a charge, and store those that are not known."""
        try:
            found = await self.provider.refunds(charge)
        except ProviderError as failure:
            log.warning("refunds_not_read", charge_id=str(charge.id), error=str(failure))
            return
        async with self._database.unit_of_work() as uow:
            await recoveries.lock(uow, [charge])
            for news in found:
                await refunds.note(uow, self._refunds, charge, news)
            await recoveries.settle(uow, [charge.id])
            await Charges(uow).refunds_read(charge.id, until)


def _meaning(failure: ProviderError, call: Call) -> News | None:
    """Return what a failed call says of the charge: only a refused creation tells."""
    if call is Call.CREATE and isinstance(failure, RejectedError):
        return News(status=ChargeStatus.FAILED, reason=CARD_UNAVAILABLE)
    return None


def _watch(charge: Charge, error: str | None) -> None:
    if error is not None and charge.attempts > CALM_ATTEMPTS:
        log.error("charge_needs_attention", charge_id=str(charge.id), error=error)
