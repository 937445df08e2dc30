"""Locks and ends payments for the payment saga, a batch at a time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.saga import Done, Hooks, SagaEnd, SagaEngine
from payments.domain.payment import Payment, PaymentEnd, PaymentStatus
from payments.domain.reasons import CANCELLED_BY_PAYER, EXPIRED, UNDONE
from payments.events import tell
from payments.live.waiters import PaymentWaiters
from payments.repository import Payments
from payments.repository.payments import LOCK_MANY
from payments.sagas.payment import EARLIER, PAYMENT, RESERVE, captured_minor, is_by_card, movement
from payments.service.cards.charges import call_off
from payments.service.cards.recoveries import settle_payments
from payments.service.limits import give_back
from payments.service.merchants.returns import Returns


def payment_saga(payment_waiters: PaymentWaiters, returns: Returns) -> SagaEngine:
    """Return the engine that pays; it wakes requests that wait in this process.

    ``returns`` answers for merchants' payments, and takes them back.
    """

    async def completed(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        finished = await _finish(uow, payment_waiters, ended, paid)
        by_card = [saga.saga_id for saga in ended if is_by_card(saga.data)]
        if by_card:
            await settle_payments(uow, by_card)
        await returns.payments_ended(uow, finished)

    async def undone(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        finished = await _finish(uow, payment_waiters, ended, given_up)
        by_card = [saga.saga_id for saga in ended if is_by_card(saga.data)]
        if by_card:
            await call_off(uow, by_card)
        await returns.payments_ended(uow, finished)

    async def done(uow: UnitOfWork, steps: Sequence[Done]) -> None:
        set_aside = [one.saga_id for one in steps if _is_reservation(one)]
        if set_aside:
            reserved = await Payments(uow).mark_reserved(set_aside, uow.clock.now())
            uow.after_commit(lambda: payment_waiters.wake(reserved))

    hooks = Hooks(lock=LOCK_MANY, completed=completed, undone=undone, done=done)
    return SagaEngine(PAYMENT, hooks, earlier=EARLIER)


def _is_reservation(step: Done) -> bool:
    return step.step == RESERVE and bool(step.data.get("is_reserved"))


def paid(saga: SagaEnd) -> PaymentEnd:
    """Return the end of a payment whose saga completed; settling named its transfer."""
    return PaymentEnd(
        saga.saga_id,
        PaymentStatus.PAID,
        transfer_id=UUID(saga.data["transfer_id"]),
        paid_minor=captured_minor(saga.data),
        debited_account_id=_id_in(saga.data, "payer_account_id"),
        credited_account_id=_id_in(saga.data, "payee_account_id"),
    )


def _id_in(data: Mapping[str, Any], name: str) -> UUID | None:
    text = data.get(name)
    return None if text is None else UUID(text)


def given_up(saga: SagaEnd) -> PaymentEnd:
    """Return the end of a payment whose saga was undone: cancelled, or failed.

    It is cancelled if its payer or its merchant wanted that, or if nobody paid a reserved payment
    in time.
    """
    wanted = saga.reason in (CANCELLED_BY_PAYER, EXPIRED, UNDONE)
    return PaymentEnd(
        saga.saga_id,
        PaymentStatus.CANCELLED if wanted else PaymentStatus.FAILED,
        reason=saga.reason,
    )


async def _finish(
    uow: UnitOfWork,
    payment_waiters: PaymentWaiters,
    ended: Sequence[SagaEnd],
    outcome: Callable[[SagaEnd], PaymentEnd],
) -> list[Payment]:
    finished = await Payments(uow).finish([outcome(saga) for saga in ended], uow.clock.now())
    await give_back(uow, finished)
    data = {saga.saga_id: saga.data for saga in ended}
    for payment in finished:
        tell(uow, payment, movement(payment.id, data[payment.id]))
    uow.after_commit(lambda: payment_waiters.wake(finished))
    return finished
