"""Decides what would become of a payment if it were created and paid now; changes nothing."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from kit.money import Money
from kit.refusals import Refusal
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.limits import Limit, day_is_full, require_fit
from payments.domain.parties import Parties, Purse

_NOBODY = UUID(int=0)  # of a payment that is not kept


def amount_of(order: PaymentOrder, parties: Parties) -> Money | None:
    """Return what the payment would be of, None where neither payer nor service says."""
    biller = parties.biller
    if order.amount is None and biller is not None and biller.price_minor is not None:
        return Money(biller.price_minor, biller.currency)
    return order.amount


def refusal_of(
    order: PaymentOrder, parties: Parties, limit: Limit, spent: Mapping[str, int], now: datetime
) -> Refusal | None:
    """Return the first refusal that creating or paying would meet, None where there is none."""
    try:
        payment = decide_creation(order, parties, payment_id=_NOBODY, now=now, ttl=timedelta(0))
        require_fit(limit, payment.amount_minor, payment.currency)
    except Refusal as refusal:
        return refusal
    used = spent.get(payment.currency, 0)
    if limit.per_day is not None and used + payment.amount_minor > limit.per_day:
        return day_is_full(limit, payment.currency)
    return None


def failure_of(amount: Money, purse: Purse) -> str | None:
    """Return why the wallet would let the payment fail, None where it would not."""
    if purse.is_frozen:
        return "wallet_frozen"
    return "insufficient_funds" if amount.minor > purse.available_minor else None
