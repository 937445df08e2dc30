"""Holds the verb that asks for a refund; ``hooks/refunds.py`` ends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kit.db import UnitOfWork
from kit.saga import SagaEngine
from kit.step_up import ANY_AMOUNT, WithoutStepUp
from payments.domain.lifecycle import visible_to
from payments.domain.payment import Method, Payment
from payments.domain.refunds import MOST_REFUNDS, Refund, RefundStatus, Unrefundable, decide_refund
from payments.refusals import TooManyRefunds
from payments.repository import Charges, Disputes, Payments, Refunds
from payments.sagas.refund import refund_facts
from payments.service.cards.charges import AmountCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and whether as an administrator.

    ``spares`` is what they may give back of their own money without a step-up.
    """

    user_id: UUID
    is_admin: bool
    spares: WithoutStepUp = ANY_AMOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """The refund that is asked for; without an amount it is all that is left."""

    refund_id: UUID
    payment_id: UUID
    amount: str | None
    reason: str | None


def seen_by(payment: Payment | None, asker: Asker) -> Payment:
    """Return the payment to its payer, its payee and admins; for others there is none."""
    if payment is not None and asker.is_admin:
        return payment
    return visible_to(payment, asker.user_id)


@dataclass(frozen=True, slots=True)
class CardRule:
    """A provider of cards, and the check of what it can give back."""

    provider: str
    check: AmountCheck


async def request(
    uow: UnitOfWork,
    engines: Mapping[Method, SagaEngine],
    order: RefundOrder,
    asker: Asker,
    rule: CardRule,
) -> tuple[Payment, Refund]:
    """Take the sum out of what is left of the payment, and begin to give it back.

    It goes back the way it was paid. Returns the payment as it was before, and the refund. A payer
    who is deleted is no obstacle: the wallet puts their money to suspense.

    Raises the refusals of ``decide_refund`` and of the rule, TooManyRefunds, and StepUpRequired.
    """
    payment = seen_by(await Payments(uow).lock(order.payment_id), asker)
    provider, taken = await _charged(uow, payment)
    money = decide_refund(
        payment, asker.user_id, order.amount, is_admin=asker.is_admin, taken=taken
    )
    if payment.payee_id == asker.user_id:
        asker.spares.require(money)
    if provider == rule.provider:
        rule.check(money)
    refunds = Refunds(uow)
    if await refunds.standing(payment.id, MOST_REFUNDS) >= MOST_REFUNDS:
        raise TooManyRefunds(most=MOST_REFUNDS)
    refund = Refund(
        id=order.refund_id,
        payment_id=payment.id,
        status=RefundStatus.PROCESSING,
        amount_minor=money.minor,
        currency=money.currency,
        reason=order.reason,
        failure_reason=None,
        transfer_id=None,
        requested_by=asker.user_id,
        version=1,
        created_at=uow.clock.now(),
        completed_at=None,
        failed_at=None,
    )
    await refunds.take(payment.id, refund.amount_minor)
    await refunds.add(refund)
    facts = refund_facts(refund, payment, provider=provider)
    await engines[payment.method].start(uow, refund.id, facts)
    return payment, refund


async def _charged(uow: UnitOfWork, payment: Payment) -> tuple[str | None, Unrefundable]:
    """Return the provider that charged the card, and what can't be refunded any more."""
    if payment.method is not Method.CARD:
        return None, Unrefundable()
    charge = await Charges(uow).of_payment(payment.id)
    if charge is None:  # nobody has begun to pay it
        return None, Unrefundable()
    return charge.provider, await Disputes(uow).taken_of(payment.id)
