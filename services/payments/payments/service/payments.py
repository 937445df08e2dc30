"""The verbs: create, pay, cancel, expire. Each loads, decides, saves and emits.

They run inside the caller's unit of work and never commit.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.money import Money
from kit.refusals import Refusal
from kit.saga import SagaEngine, UndoOutcome
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.lifecycle import Cancel, Pay, decide_cancel, decide_pay, visible_to
from payments.domain.outside_checks import CheckPolicy
from payments.domain.parties import Parties, PayeeName
from payments.domain.payment import Method, Payment
from payments.domain.reasons import CANCELLED_BY_PAYER, EXPIRED
from payments.refusals import PayeeNotActive, PayerNotActive, PaymentBeingCaptured
from payments.repository import Charges, Known, Payments
from payments.saga import facts
from payments.service.charges import charge_of
from payments.telling import tell

EXPIRY_BATCH: Final = 200


async def create(uow: UnitOfWork, order: PaymentOrder, parties: Parties, ttl: timedelta) -> Payment:
    """Write a payment down; no money moves. Raises the refusals of ``decide_creation``."""
    payment = decide_creation(order, parties, payment_id=new_id(), now=uow.clock.now(), ttl=ttl)
    await Payments(uow).add(payment)
    tell(uow, payment)
    return payment


@dataclass(frozen=True, slots=True)
class Card:
    """How a payment is paid by card: at which provider, and where its payer comes back to."""

    provider: str
    return_url: str


async def pay(  # noqa: PLR0913 (who pays what and how, and the two that decide)
    uow: UnitOfWork,
    engine: SagaEngine,
    policy: CheckPolicy,
    payment_id: UUID,
    caller_id: UUID,
    *,
    card: Card | None = None,
) -> Payment:
    """Send a payment on its way; one that is on its way already is returned as it is.

    By card, the wish for the charge is stored with it; whoever called asks the provider then.

    Raises the refusals of ``decide_pay``, and PayerNotActive or PayeeNotActive where one of them
    has been disabled since the payment was created.
    """
    payments = Payments(uow)
    now = uow.clock.now()
    method = Method.WALLET if card is None else Method.CARD
    claimed = await payments.claim(payment_id, caller_id, now, method)
    if claimed is None:
        seen = visible_to(await payments.get(payment_id), caller_id)
        if decide_pay(seen, caller_id, now) is Pay.START:
            raise await _who_is_not_active(uow, seen)
        return seen
    is_checked = policy.asks_about(Money(claimed.amount_minor, claimed.currency))
    provider = None if card is None else card.provider
    known = facts(claimed, is_checked=is_checked, provider=provider)
    await engine.start(uow, claimed.id, known)
    if card is not None:
        wish = charge_of(claimed, card.provider, card.return_url, now)
        await Charges(uow).add(wish, now)
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
