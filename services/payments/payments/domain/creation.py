"""Decides whether a payment may be created, and what it then is."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from kit.money import Money
from kit.step_up import ANY_AMOUNT, WithoutStepUp
from payments.domain.cards.receipts import ReceiptLine, check_lines
from payments.domain.paid_service_rules import decide_amount
from payments.domain.parties import Parties, PayeeName, Person
from payments.domain.payment import Payment, PaymentStatus, Scalar
from payments.domain.schedules import check_execution_time
from payments.refusals import (
    CurrencyMismatch,
    PayeeIsPayer,
    PayeeNotActive,
    PayeeNotFound,
    PayerNotActive,
    ServiceNotFound,
    TooManyOpenPayments,
    WalletNotFound,
)


class PaymentOrder(Struct, frozen=True, kw_only=True):
    """What the payer asks for; its shape was checked at the edge.

    ``amount`` may be None for a service with a price; ``currency`` then may name the price's
    currency.
    """

    payer_id: UUID
    payee: PayeeName
    amount: Money | None
    currency: str | None = None
    from_wallet_id: UUID | None = None
    card_last4: str | None = None
    card_holder: str | None = None
    description: str | None = None
    metadata: Mapping[str, Scalar] | None = None
    is_reserved: bool = False
    execute_at: datetime | None = None
    lines: tuple[ReceiptLine, ...] = ()
    order_id: UUID | None = None


def decide_creation(  # noqa: PLR0913 - what is asked, of whom, and the terms, all named
    order: PaymentOrder,
    parties: Parties,
    *,
    payment_id: UUID,
    now: datetime,
    ttl: timedelta,
    spares: WithoutStepUp = ANY_AMOUNT,
) -> Payment:
    """Return the new payment, or raise the first refusal that applies.

    ``ttl`` counts from the time at which it can or will be paid. ``spares`` is what the payer may
    spend without a step-up, where creating it is the word that spends.
    """
    if parties.is_payer_full:
        raise TooManyOpenPayments
    if order.execute_at is not None:
        check_execution_time(order.execute_at, now)
    amount = _amount(order, parties)
    if order.lines:
        check_lines(order.lines, amount)
    _check_payer(order, parties, amount.currency)
    payee = _check_payee(order, parties, amount.currency)
    spares.require(amount)
    paid_service = parties.paid_service
    return Payment(
        id=payment_id,
        status=PaymentStatus.CREATED if order.execute_at is None else PaymentStatus.SCHEDULED,
        payer_id=order.payer_id,
        payee_id=payee.user_id,
        payer_account_id=order.from_wallet_id,
        payee_account_id=paid_service.account_id if paid_service else order.payee.wallet_id,
        payer_username=parties.payer.username if parties.payer else None,
        payee_username=payee.username,
        amount_minor=amount.minor,
        currency=amount.currency,
        card_last4=order.card_last4,
        card_holder=order.card_holder,
        description=order.description,
        metadata=order.metadata,
        reason=None,
        transfer_id=None,
        version=1,
        created_at=now,
        expires_at=(order.execute_at or now) + ttl,
        processing_at=None,
        cancel_requested_at=None,
        paid_at=None,
        failed_at=None,
        cancelled_at=None,
        service_id=paid_service.id if paid_service else None,
        service_name=paid_service.name if paid_service else None,
        execute_at=order.execute_at,
        is_reserved=order.is_reserved,
        lines=tuple(asdict(line) for line in order.lines) or None,
        is_price_fixed=paid_service is not None and paid_service.price_minor is not None,
        order_id=order.order_id,
    )


def _amount(order: PaymentOrder, parties: Parties) -> Money:
    if order.payee.service_id is not None:
        if parties.paid_service is None:
            raise ServiceNotFound
        return decide_amount(parties.paid_service, order.amount, order.currency)
    assert order.amount is not None, "the edge lets only services go without"  # noqa: S101
    return order.amount


def _check_payer(order: PaymentOrder, parties: Parties, currency: str) -> None:
    # Only active users get tokens: a payer unknown here is one that auth has not told of yet.
    if parties.payer is not None and not parties.payer.is_active:
        raise PayerNotActive
    if order.from_wallet_id is None:
        return
    wallet = parties.payer_wallet
    if wallet is None or wallet.owner_id != order.payer_id:
        raise WalletNotFound
    if wallet.currency != currency:
        raise CurrencyMismatch(currency=currency)


def _check_payee(order: PaymentOrder, parties: Parties, currency: str) -> Person:
    payee = parties.payee
    if payee is None:
        raise PayeeNotFound
    if payee.user_id == order.payer_id:
        raise PayeeIsPayer
    if not payee.is_active:
        raise PayeeNotActive
    wallet = parties.payee_wallet
    if wallet is not None and wallet.currency != currency:
        raise CurrencyMismatch(currency=currency)
    return payee
