"""The verbs: create, pay, cancel, expire. Each loads, decides, saves and emits.

They run inside the caller's unit of work and never commit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kit.context import Context, current, within
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import Refusal
from kit.saga import SagaEngine, Start, UndoOutcome
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.lifecycle import Cancel, Pay, decide_cancel, decide_pay, visible_to
from payments.domain.limits import Limit
from payments.domain.parties import Ends, Parties, PayeeName
from payments.domain.payment import Payment
from payments.domain.policies import Policies
from payments.domain.reasons import CANCELLED_BY_PAYER, EXPIRED
from payments.refusals import (
    PayeeNotActive,
    PayerNotActive,
    PaymentBeingCaptured,
    ServiceNotActive,
)
from payments.repository import Billers, Known, Payments
from payments.saga import facts
from payments.service.limits import count
from payments.telling import tell

EXPIRY_BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Creation:
    """A payment to be created, and the request that wants it."""

    order: PaymentOrder
    parties: Parties
    context: Context = field(default_factory=current)


@dataclass(frozen=True, slots=True)
class Paying:
    """A payment to be paid, and the request that wants it."""

    payment_id: UUID
    caller_id: UUID
    context: Context = field(default_factory=current)


async def create(
    uow: UnitOfWork, wanted: Sequence[Creation], *, ttl: timedelta
) -> list[Payment | Refusal]:
    """Write payments down; no money moves. Returns each, or the refusal of ``decide_creation``."""
    now = uow.clock.now()
    outcomes = [_decided(one, now, ttl) for one in wanted]
    created = [payment for payment in outcomes if isinstance(payment, Payment)]
    if created:
        await Payments(uow).add(created)
    for one, payment in zip(wanted, outcomes, strict=True):
        if isinstance(payment, Payment):
            with within(one.context):
                tell(uow, payment)
    return outcomes


def _decided(wanted: Creation, now: datetime, ttl: timedelta) -> Payment | Refusal:
    try:
        return decide_creation(wanted.order, wanted.parties, payment_id=new_id(), now=now, ttl=ttl)
    except Refusal as refusal:
        return refusal


async def pay(
    uow: UnitOfWork, wanted: Sequence[Paying], *, engine: SagaEngine, policies: Policies
) -> list[Payment | Refusal]:
    """Send payments on their way; one that is on its way already is returned as it is.

    Returns each, or its refusal: of ``decide_pay``, or PayerNotActive, PayeeNotActive or
    ServiceNotActive where one of them has been disabled since the payment was created. Raises the
    refusals of limits, as what was claimed has to be rolled back: whoever pays many pays each
    alone then.
    """
    contexts = {(one.payment_id, one.caller_id): one.context for one in wanted}
    found = await Payments(uow).claim(contexts, uow.clock.now())
    await _count_all(uow, found.values(), policies)
    claimed = {key: payment for key, (payment, _) in found.items()}
    if claimed:
        await engine.start_many(
            uow,
            [
                Start(
                    payment.id,
                    facts(payment, is_checked=policies.is_checked(payment)),
                    contexts[key],
                )
                for key, payment in claimed.items()
            ],
        )
    return [
        claimed.get((one.payment_id, one.caller_id)) or await _not_claimed(uow, one)
        for one in wanted
    ]


async def _count_all(
    uow: UnitOfWork, claimed: Iterable[tuple[Payment, Limit | None]], policies: Policies
) -> None:
    """Count payments against limits, in the order of the days' keys: one for all who count."""
    ordered = sorted(claimed, key=lambda one: (one[0].payer_id, one[0].currency, one[0].id))
    for payment, own in ordered:
        await count(uow, payment, policies.limits.in_force(payment.currency, own))


async def _not_claimed(uow: UnitOfWork, wanted: Paying) -> Payment | Refusal:
    """Return the payment where it was on its way before, else why it can't be paid."""
    try:
        seen = visible_to(await Payments(uow).get(wanted.payment_id), wanted.caller_id)
        if decide_pay(seen, wanted.caller_id, uow.clock.now()) is Pay.START:
            return await _who_is_not_active(uow, seen)
    except Refusal as refusal:
        return refusal
    return seen


async def _who_is_not_active(uow: UnitOfWork, payment: Payment) -> Refusal:
    to = PayeeName(user_id=payment.payee_id)
    [parties] = await Known(uow).parties([Ends(payment.payer_id, to)])
    if parties.payer is not None and not parties.payer.is_active:
        return PayerNotActive()
    biller = await Billers(uow).get(payment.service_id) if payment.service_id else None
    return PayeeNotActive() if biller is None or biller.is_active else ServiceNotActive()


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
