"""Decides whether a payment would be paid if it were created now.

It would be paid now, or at its own time. Nothing is stored. What may change until then (money in
wallets) is taken as it stands now.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from kit.money import Money
from kit.refusals import Refusal
from kit.step_up import ANY_AMOUNT, WithoutStepUp
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.limits import Day, Limit
from payments.domain.parties import Parties, WalletFunds

_NOBODY = UUID(int=0)  # the id of a payment that is not stored


def amount_of(order: PaymentOrder, parties: Parties) -> Money | None:
    """Return the payment's amount; None where neither payer nor service names one."""
    paid_service = parties.paid_service
    if order.amount is None and paid_service is not None and paid_service.price_minor is not None:
        return Money(paid_service.price_minor, paid_service.currency)
    return order.amount


def refusal_of(  # noqa: PLR0913, PLR0917 - what is asked, of whom, and within what
    order: PaymentOrder,
    parties: Parties,
    limit: Limit,
    day: Day,
    now: datetime,
    spares: WithoutStepUp = ANY_AMOUNT,
) -> Refusal | None:
    """Return the first refusal that creating or paying would meet; None without one.

    ``day`` is the one that it would be paid on, with all that is counted before it.
    """
    try:
        payment = decide_creation(
            order, parties, payment_id=_NOBODY, now=now, ttl=timedelta(0), spares=spares
        )
        day.count(limit, payment.amount_minor, payment.currency)
    except Refusal as refusal:
        return refusal
    return None


def count_planned(day: Day, limit: Limit, planned: Iterable[Money]) -> None:
    """Count what is scheduled on a day before a payment, in the order of being paid."""
    for one in planned:
        with suppress(Refusal):
            day.count(limit, one.minor, one.currency)


def failure_of(amount: Money, payer: WalletFunds | None, payee: WalletFunds | None) -> str | None:
    """Return why the wallets would make the payment fail; None where they would not.

    ``payer`` is None where a card pays, ``payee`` where it is not known.
    """
    if payer is not None and payer.is_frozen:
        return "wallet_frozen"
    if payer is not None and amount.minor > payer.available_minor:
        return "insufficient_funds"
    room = None if payee is None else payee.room_minor
    return "balance_limit" if room is not None and amount.minor > room else None
