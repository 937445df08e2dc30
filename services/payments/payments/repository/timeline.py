"""Reads what a timeline is made of: the saga's log, refunds, disputes, transfers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from kit.db import Snapshot
from kit.saga import store
from payments.domain.cards.disputes import Dispute
from payments.domain.cards.refunds import GivenBack
from payments.domain.payment import Method, Payment
from payments.domain.refunds import Refund
from payments.repository.cards.disputes import Disputes
from payments.repository.cards.movements import Movements
from payments.repository.cards.refunds import CardRefunds
from payments.repository.refunds import Refunds

MOST_REFUNDS: Final = 50

_MOVED_BETWEEN: Final = "SELECT debited_account_id, credited_account_id FROM payment WHERE id = $1"


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """A payment and what is known of it.

    Attributes:
        log: Of its saga, oldest first.
        account_ids: The accounts that money moved between.
        refunds: The newest ``MOST_REFUNDS``, oldest first.
        disputes: Of the card that paid, oldest first.
        returns: A card's money that goes back by itself, as the payment is not paid.
        moved: The first transfers for disputes, and for refunds that a card did not take.
    """

    payment: Payment
    log: Sequence[Mapping[str, Any]]
    account_ids: tuple[UUID, ...]
    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()
    moved: Sequence[UUID] = ()
    returns: Sequence[GivenBack] = ()

    @property
    def transfer_ids(self) -> list[UUID]:
        """The transfers that moved its money, there and back."""
        refunds = (refund.transfer_id for refund in self.refunds)
        moved = [self.payment.transfer_id, *refunds, *self.moved]
        return list(dict.fromkeys(one for one in moved if one is not None))


async def record_of(connection: Snapshot, payment: Payment) -> PaymentRecord:
    """Return all that is stored about a payment; an unbegun one has no saga."""
    saga = await store.shown(connection, payment.id)
    if saga is None:
        return PaymentRecord(payment, (), ())
    accounts = await _accounts(connection, payment, saga["data"])
    disputes: Sequence[Dispute] = ()
    moved: Sequence[UUID] = ()
    returns: Sequence[GivenBack] = ()
    if payment.method is Method.CARD:
        disputes = await Disputes(connection).of_payment(payment.id)
        returns = await CardRefunds(connection).returns_of(payment.id, MOST_REFUNDS)
        moved = await Movements(connection).transfers_of(payment.id, MOST_REFUNDS)
    refunds: Sequence[Refund] = ()
    if payment.paid_at is not None:
        refunds = (await Refunds(connection).page(payment.id, None, MOST_REFUNDS))[::-1]
    return PaymentRecord(payment, saga["log"], accounts, refunds, disputes, moved, returns)


async def _accounts(
    connection: Snapshot, payment: Payment, learnt: Mapping[str, Any]
) -> tuple[UUID, ...]:
    """Return what a paid payment moved money between; else what its saga learnt."""
    row = await connection.fetchrow(_MOVED_BETWEEN, payment.id)
    moved_between = tuple(one for one in row or () if one is not None)
    texts = (learnt.get(f"{side}_account_id") for side in ("payer", "payee"))
    return moved_between or tuple(UUID(text) for text in texts if text)
