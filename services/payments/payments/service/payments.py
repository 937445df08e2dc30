"""The verbs: create, pay, cancel, expire, carry out. Each loads, decides, saves and emits.

They run inside the caller's unit of work and never commit.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.money import Money
from kit.refusals import Refusal
from kit.saga import SagaEngine, UndoOutcome
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.lifecycle import (
    Cancel,
    Pay,
    decide_cancel,
    decide_capture,
    decide_pay,
    visible_to,
)
from payments.domain.outside_checks import CheckPolicy
from payments.domain.parties import Parties, PayeeName
from payments.domain.payment import Payment, Status
from payments.domain.reasons import CANCELLED_BY_PAYER, EXPIRED
from payments.refusals import (
    PayeeNotActive,
    PayerNotActive,
    PaymentBeingCancelled,
    PaymentBeingCaptured,
)
from payments.repository import Known, Payments
from payments.saga import CONFIRM, confirmed, facts
from payments.telling import tell

EXPIRY_BATCH: Final = 200
DUE_BATCH: Final = 100


async def create(
    uow: UnitOfWork,
    order: PaymentOrder,
    parties: Parties,
    ttl: timedelta,
    payment_id: UUID | None = None,
) -> Payment:
    """Write a payment down; no money moves. Raises the refusals of ``decide_creation``."""
    now = uow.clock.now()
    payment = decide_creation(order, parties, payment_id=payment_id or new_id(), now=now, ttl=ttl)
    await Payments(uow).add(payment)
    tell(uow, payment)
    return payment


async def set_aside(uow: UnitOfWork, engine: SagaEngine, created: Payment) -> None:
    """Begin to hold the money of a payment that is to be reserved; it waits to be paid then.

    Whether it is checked outside is decided when it is paid, as with any other.
    """
    await engine.start(uow, created.id, facts(created, is_checked=False))


async def pay(  # noqa: PLR0913 (what it works with, and what is asked)
    uow: UnitOfWork,
    engine: SagaEngine,
    policy: CheckPolicy,
    payment_id: UUID,
    caller_id: UUID,
    *,
    amount: str | None = None,
) -> Payment:
    """Send a payment on its way; one that is on its way already is returned as it is.

    Of a reserved one a part may be paid: an amount in the payment's currency. Raises the refusals
    of ``decide_pay`` and ``decide_capture``, and PayerNotActive or PayeeNotActive where one of
    them has been disabled since the payment was created.
    """
    payments = Payments(uow)
    now = uow.clock.now()
    claimed = await payments.claim(payment_id, caller_id, now)
    if claimed is None:
        seen = visible_to(await payments.get(payment_id), caller_id)
        if decide_pay(seen, caller_id, now) is Pay.START:
            raise await _who_is_not_active(uow, seen)
        return seen
    part = decide_capture(claimed, amount)
    is_checked = policy.asks_about(part)
    if not claimed.is_reserved:
        await engine.start(uow, claimed.id, facts(claimed, is_checked=is_checked))
        return claimed
    news = confirmed(part.minor, is_checked=is_checked)
    if not await engine.signal(uow, claimed.id, CONFIRM, learnt=news):
        raise PaymentBeingCancelled  # its time has just run out, or its wallet gave no answer
    return claimed


async def _who_is_not_active(uow: UnitOfWork, payment: Payment) -> Refusal:
    to = PayeeName(user_id=payment.payee_id)
    parties = await Known(uow).parties(payment.payer_id, None, to)
    payer_is_active = parties.payer is None or parties.payer.is_active
    return PayeeNotActive() if payer_is_active else PayerNotActive()


async def cancel(uow: UnitOfWork, engine: SagaEngine, payment_id: UUID, caller_id: UUID) -> Payment:
    """Cancel a payment at once, or begin to take back one in flight (it stays processing).

    Raises the refusals of ``decide_cancel``, and PaymentBeingCaptured where it is too late.
    """
    payments = Payments(uow)
    payment = visible_to(await payments.lock(payment_id), caller_id)
    if decide_cancel(payment, caller_id) is Cancel.AT_ONCE:
        cancelled = await payments.cancel(payment, CANCELLED_BY_PAYER, uow.clock.now())
        tell(uow, cancelled)
        return cancelled
    if await engine.request_undo(uow, payment.id, CANCELLED_BY_PAYER) is not UndoOutcome.UNDOING:
        raise PaymentBeingCaptured
    return await payments.request_cancel(payment, uow.clock.now())


async def expire(uow: UnitOfWork) -> list[Payment]:
    """Cancel one batch of payments that were not paid in time; returns them."""
    expired = await Payments(uow).expire(EXPIRED, uow.clock.now(), EXPIRY_BATCH)
    for payment in expired:
        tell(uow, payment)
    return expired


async def carry_out(uow: UnitOfWork, engine: SagaEngine, policy: CheckPolicy) -> list[Payment]:
    """Pay one batch of scheduled payments whose time has come; returns them.

    One whose payer or payee has been disabled since fails.
    """
    due = await Payments(uow).claim_due(uow.clock.now(), DUE_BATCH)
    for payment in due:
        if payment.status is Status.FAILED:
            tell(uow, payment)
            continue
        is_checked = policy.asks_about(Money(payment.amount_minor, payment.currency))
        await engine.start(uow, payment.id, facts(payment, is_checked=is_checked))
    return due
