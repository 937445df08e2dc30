"""Asking for a refund. How it ends, ``refunding.py`` says."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kit.db import UnitOfWork
from kit.saga import SagaEngine
from payments.card_refusals import PaymentDisputed
from payments.domain.lifecycle import visible_to
from payments.domain.payment import Method, Payment
from payments.domain.refunds import Refund, RefundStatus, decide_refund
from payments.refund_saga import refund_facts
from payments.repository import Charges, Payments, Refunds
from payments.service.charges import AmountCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and whether as an administrator."""

    user_id: UUID
    is_admin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """What is asked for: all that is left where no amount is named."""

    refund_id: UUID
    payment_id: UUID
    amount: str | None
    reason: str | None


def seen_by(payment: Payment | None, asker: Asker) -> Payment:
    """Return the payment to its payer, its payee and admins; to others it does not exist."""
    if payment is not None and asker.is_admin:
        return payment
    return visible_to(payment, asker.user_id)


@dataclass(frozen=True, slots=True)
class CardRule:
    """What a provider can give back to the cards that it has charged."""

    provider: str
    check: AmountCheck


async def request(
    uow: UnitOfWork,
    engines: Mapping[Method, SagaEngine],
    order: RefundOrder,
    asker: Asker,
    rule: CardRule,
) -> tuple[Payment, Refund]:
    """Take the sum out of what is left of the payment, and begin to give it back as it was paid.

    Returns the payment as it was before, and the refund.

    Raises the refusals of ``decide_refund`` and of the rule, PaymentDisputed and PayerDeleted.
    """
    payment = seen_by(await Payments(uow).lock(order.payment_id), asker)
    money = decide_refund(payment, asker.user_id, order.amount, is_admin=asker.is_admin)
    provider = await _provider_of(uow, payment)
    if provider == rule.provider:
        rule.check(money)
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
    refunds = Refunds(uow)
    await refunds.take(payment.id, refund.amount_minor)
    await refunds.add(refund)
    facts = refund_facts(refund, payment, provider=provider)
    await engines[payment.method].start(uow, refund.id, facts)
    return payment, refund


async def _provider_of(uow: UnitOfWork, payment: Payment) -> str | None:
    """Return who charged the card that paid, None where a wallet did."""
    if payment.method is not Method.CARD:
        return None
    charge = await Charges(uow).of_payment(payment.id)
    assert charge is not None  # noqa: S101 - stored with the claim that said so
    if charge.disputed_at is not None:
        raise PaymentDisputed
    return charge.provider
