"""Locks and ends refunds, and counts them in their payments, for the refund sagas."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from contracts.wallet import MERCHANTS
from kit.db import UnitOfWork
from kit.logs import get_logger
from kit.money import decimal_text
from kit.saga import Done, Hooks, SagaEnd, SagaEngine
from kit.wake_up import WakeUp
from payments.domain.payment import Method
from payments.domain.refunds import Refund
from payments.live.waiters import RefundWaiters
from payments.repository import Refunds
from payments.repository.refunds import LOCK_PAYMENTS
from payments.sagas.payment import RESERVE
from payments.sagas.refund import CARD_REFUND, REFUND
from payments.service.cards import refunds
from payments.service.cards.bookings import count_in
from payments.service.cards.recoveries import settle_payments
from payments.service.merchants.refunds import refund_ended
from payments.service.merchants.returns import Returns

log = get_logger(__name__)


def refund_sagas(
    ends: RefundWaiters, card_wake_up: WakeUp, returns: Returns
) -> Mapping[Method, SagaEngine]:
    """Return the engines that give money back, by how the payment was paid.

    They wake requests that wait in this process; ``card_wake_up`` is set when a provider has to be
    asked. ``returns`` goes on with what merchants return.
    """
    to_card: SagaEngine

    async def done(uow: UnitOfWork, steps: Sequence[Done]) -> None:
        set_aside = [one.saga_id for one in steps if one.step == RESERVE]
        if set_aside:
            await refunds.request_card_refunds(uow, to_card, set_aside)
            uow.after_commit(card_wake_up.set)

    async def completed(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        await hooks.completed(uow, ended)
        await settle_payments(uow, _payments(ended))

    async def undone(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        await hooks.undone(uow, ended)
        await settle_payments(uow, _payments(ended))

    hooks = _hooks(ends, returns)
    by_card = replace(hooks, completed=completed, undone=undone, done=done)
    to_card = SagaEngine(CARD_REFUND, by_card)
    return {Method.WALLET: SagaEngine(REFUND, hooks), Method.CARD: to_card}


def _payments(ended: Sequence[SagaEnd]) -> set[UUID]:
    return {UUID(saga.data["payment_id"]) for saga in ended}


def _hooks(ends: RefundWaiters, returns: Returns) -> Hooks:
    # One by one: each completed refund is an event with the payment's next number, and refunds
    # are few.
    async def completed(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        for saga in ended:
            transfer_id = UUID(saga.data["transfer_id"])
            done = await Refunds(uow).complete(saga.saga_id, transfer_id, uow.clock.now())
            if done is not None:
                await count_in(uow, done)
                _tell(uow, ends, done)
                if _is_merchants(saga):
                    await refund_ended(uow, done)
                    await returns.refund_completed(uow, done.payment_id)

    async def undone(uow: UnitOfWork, ended: Sequence[SagaEnd]) -> None:
        for saga in ended:
            reason = saga.reason or "refused"
            failed = await Refunds(uow).fail(saga.saga_id, reason, uow.clock.now())
            if failed is not None:
                await Refunds(uow).give_back(failed)
                _tell(uow, ends, failed)
                if _is_merchants(saga):
                    await refund_ended(uow, failed)

    return Hooks(lock=LOCK_PAYMENTS, completed=completed, undone=undone)


def _is_merchants(saga: SagaEnd) -> bool:
    return UUID(saga.data["payee_id"]) in MERCHANTS


def _tell(uow: UnitOfWork, ends: RefundWaiters, refund: Refund) -> None:
    uow.after_commit(lambda: ends.wake([refund]))
    uow.after_commit(
        lambda: log.info(
            "refund_ended",
            status=refund.status.value,
            payment_id=str(refund.payment_id),
            refund_id=str(refund.id),
            amount=decimal_text(refund.amount_minor, refund.currency),
            currency=refund.currency,
            reason=refund.failure_reason,
        )
    )
