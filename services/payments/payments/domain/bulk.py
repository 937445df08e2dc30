"""Defines a bulk: many payments asked for at once, each row decided on its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kit.money import Money
from payments.domain.creation import PaymentOrder
from payments.domain.parties import PayeeName
from payments.domain.payment import Payment

MOST_ROWS: Final = 1000
CHUNK: Final = 250  # rows decided in one unit of work

# Statuses of a row that is no payment; others are its payment's.
WAITING: Final = "waiting"
REFUSED: Final = "refused"
UNFINISHED: Final = frozenset({WAITING, "created", "processing"})


@dataclass(frozen=True, slots=True)
class Bulk:
    """A bulk as stored; the first ``done`` of its rows have been decided."""

    id: UUID
    user_id: UUID
    total: int
    done: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row: it waits (neither is set), was refused, or is a payment."""

    position: int
    code: str | None = None
    payment: Payment | None = None

    @property
    def status(self) -> str:
        """The row's status: its payment's, or waiting, or refused."""
        if self.payment is not None:
            return self.payment.status.value
        return WAITING if self.code is None else REFUSED


def is_done(counts: Mapping[str, int]) -> bool:
    """Tell whether nothing of a bulk can change by itself any more."""
    return UNFINISHED.isdisjoint(status for status, count in counts.items() if count)


def all_failed(counts: Mapping[str, int]) -> bool:
    """Tell whether every row of a bulk was refused, or has failed."""
    return {status for status, count in counts.items() if count} <= {REFUSED, "failed"}


def facts_of(order: PaymentOrder) -> dict[str, Any]:
    """Return an order as JSON values, to be stored while its row waits."""
    amount = order.amount
    assert amount is not None, "a row of a bulk names its amount"  # noqa: S101
    payee = {name: getattr(order.payee, name) for name in PayeeName.__struct_fields__}
    return {
        "payee": {name: str(value) for name, value in payee.items() if value is not None},
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "from_wallet_id": None if order.from_wallet_id is None else str(order.from_wallet_id),
        "card_last4": order.card_last4,
        "card_holder": order.card_holder,
        "description": order.description,
        "metadata": None if order.metadata is None else dict(order.metadata),
    }


def order_of(payer_id: UUID, facts: Mapping[str, Any]) -> PaymentOrder:
    """Return the order that these facts were made from."""
    payee: dict[str, Any] = {
        name: value if name == "username" else UUID(value) for name, value in facts["payee"].items()
    }
    wallet_id = facts["from_wallet_id"]
    return PaymentOrder(
        payer_id=payer_id,
        payee=PayeeName(**payee),
        amount=Money(facts["amount_minor"], facts["currency"]),
        from_wallet_id=None if wallet_id is None else UUID(wallet_id),
        card_last4=facts["card_last4"],
        card_holder=facts["card_holder"],
        description=facts["description"],
        metadata=facts["metadata"],
    )
