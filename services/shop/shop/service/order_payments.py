"""Holds the verbs of paying orders: pay, call off. Their caller commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias
from uuid import UUID

from kit.context import Context
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.money import Money
from kit.refusals import Refusal, Unavailable
from kit.saga import SagaEngine, Start, UndoWanted
from kit.step_up import ANY_AMOUNT, WithoutStepUp
from shop.domain.orders import Order, OrderPayment, PayMethod, decide_pay, visible_to
from shop.repository import OrderPayments, Orders
from shop.sagas.order import LOCK, CardTerms, facts

PAID_OTHERWISE: Final = "paid_otherwise"  # why a card page is called off when the wallet pays
CLAIM_TRIES: Final = 5

_Key: TypeAlias = tuple[UUID, UUID]  # an order, and whose it is


@dataclass(frozen=True, slots=True)
class OrderPaying:
    """An order to be paid, and the request that wants it.

    Without ``card`` the buyer's wallet pays; ``spares`` is what it pays without a step-up.
    """

    order_id: UUID
    caller_id: UUID
    context: Context
    card: CardTerms | None = None
    spares: WithoutStepUp = ANY_AMOUNT
    payment_id: UUID = field(default_factory=new_id)

    @property
    def method(self) -> PayMethod:
        """Where the money comes from."""
        return PayMethod.WALLET if self.card is None else PayMethod.CARD

    @property
    def payment(self) -> OrderPayment:
        """The payment that begins, if the order can be paid."""
        return OrderPayment(self.payment_id, self.method)


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment that begins, of an order that it has claimed."""

    order: Order
    payment: OrderPayment
    context: Context
    card: CardTerms | None = None


async def pay(
    uow: UnitOfWork, wanted: Sequence[OrderPaying], *, engine: SagaEngine
) -> list[Order | Refusal]:
    """Begin to pay orders; return one that is being paid already as it is.

    A card page that is still open is given again; the wallet takes its place. Returns each order,
    or its refusal: OrderNotFound, or those of ``decide_pay``. Raises StepUpRequired, as the claim
    has to be rolled back: a caller who pays many then pays each alone.
    """
    asked = {(one.order_id, one.caller_id): one for one in wanted}
    claimed, others = await _claim(uow, asked)
    for key, (order, _) in claimed.items():
        asked[key].spares.require(Money(order.total_minor, order.currency))
    begun = [
        Begun(order, asked[key].payment, asked[key].context, asked[key].card)
        for key, (order, _) in claimed.items()
    ]
    await begin(uow, engine, begun)
    replaced = [open_card_id for _, open_card_id in claimed.values() if open_card_id is not None]
    await call_off(uow, engine, replaced, PAID_OTHERWISE)
    outcomes = others | {
        key: replace(order, payment=asked[key].payment) for key, (order, _) in claimed.items()
    }
    return [outcomes[one.order_id, one.caller_id] for one in wanted]


async def begin(uow: UnitOfWork, engine: SagaEngine, begun: Sequence[Begun]) -> None:
    """Start the sagas of payments whose orders are claimed."""
    if not begun:
        return
    await OrderPayments(uow).add([(one.order.id, one.payment) for one in begun], uow.clock.now())
    await engine.start_many(uow, [_start_of(one) for one in begun])


def _start_of(begun: Begun) -> Start:
    is_locked = begun.payment.method is PayMethod.WALLET
    known = facts(begun.order, begun.card)
    return Start(begun.payment.id, known, begun.context, done=(LOCK,) if is_locked else ())


async def call_off(
    uow: UnitOfWork, engine: SagaEngine, payment_ids: Sequence[UUID], reason: str
) -> None:
    """Undo card payments whose orders, which are locked, are not theirs any more."""
    if payment_ids:
        await engine.apply(uow, [(one, UndoWanted(reason), None) for one in payment_ids])


async def _claim(
    uow: UnitOfWork, asked: Mapping[_Key, OrderPaying]
) -> tuple[dict[_Key, tuple[Order, UUID | None]], dict[_Key, Order | Refusal]]:
    """Claim orders; return the claimed ones, and what became of the others.

    The reason why one was not claimed may be gone by the time it is looked for (its payment was
    refused a moment ago): then it is claimed after all.
    """
    claimed: dict[_Key, tuple[Order, UUID | None]] = {}
    others: dict[_Key, Order | Refusal] = {}
    left = dict(asked)
    for _ in range(CLAIM_TRIES):
        payments = {key: one.payment for key, one in left.items()}
        claimed |= await Orders(uow).claim(payments, uow.clock.now())
        for key in left.keys() - claimed.keys():
            outcome = await _not_claimed(uow, left[key])
            if outcome is not None:
                others[key] = outcome
        left = {key: one for key, one in left.items() if key not in claimed and key not in others}
        if not left:
            break
    return claimed, others | {key: Unavailable() for key in left}


async def _not_claimed(uow: UnitOfWork, wanted: OrderPaying) -> Order | Refusal | None:
    """Return an order that was being paid before, or why it can't be paid.

    None where nothing stands in its way now.
    """
    try:
        seen = visible_to(await Orders(uow).get(wanted.order_id), wanted.caller_id)
        return None if decide_pay(seen, wanted.method, uow.clock.now()) else seen
    except Refusal as refusal:
        return refusal
