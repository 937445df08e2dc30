"""What the payment saga does to payments: locks them, and ends them by the batch."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from kit.db import UnitOfWork
from kit.saga import Ended, Hooks, SagaEngine
from payments.domain.outcomes import Outcome
from payments.domain.payment import Status
from payments.domain.reasons import CANCELLED_BY_PAYER
from payments.repository import Charges, Payments
from payments.saga import EARLIER, PAYMENT, is_by_card
from payments.telling import tell
from payments.waiting import Finishes


def payment_saga(finishes: Finishes) -> SagaEngine:
    """Return the engine that pays; requests that wait in this process are woken by it."""

    async def lock(uow: UnitOfWork, payment_ids: Sequence[UUID]) -> None:
        await Payments(uow).lock_many(payment_ids)

    async def completed(uow: UnitOfWork, ended: Sequence[Ended]) -> None:
        await _finish(uow, finishes, [paid(saga) for saga in ended])

    async def undone(uow: UnitOfWork, ended: Sequence[Ended]) -> None:
        await _finish(uow, finishes, [given_up(saga) for saga in ended])
        by_card = [saga.saga_id for saga in ended if is_by_card(saga.data)]
        if by_card:
            await Charges(uow).call_off(by_card, uow.clock.now())

    hooks = Hooks(lock=lock, completed=completed, undone=undone)
    return SagaEngine(PAYMENT, hooks, earlier=EARLIER)


def paid(saga: Ended) -> Outcome:
    """Return the outcome of a completed saga; the settle step learnt the transfer."""
    return Outcome(saga.saga_id, Status.PAID, transfer_id=UUID(saga.data["transfer_id"]))


def given_up(saga: Ended) -> Outcome:
    """Return the outcome of an undone saga: cancelled where that was wanted, else failed."""
    wanted = saga.reason == CANCELLED_BY_PAYER
    return Outcome(saga.saga_id, Status.CANCELLED if wanted else Status.FAILED, reason=saga.reason)


async def _finish(uow: UnitOfWork, finishes: Finishes, outcomes: Iterable[Outcome]) -> None:
    finished = await Payments(uow).finish(list(outcomes), uow.clock.now())
    for payment in finished:
        tell(uow, payment)
    uow.after_commit(lambda: finishes.tell(finished))
