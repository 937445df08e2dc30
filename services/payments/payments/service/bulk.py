"""Holds the verbs of bulks: accept one, decide some of its rows, show it.

They run inside the caller's unit of work and never commit.
"""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from kit.context import current
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.refusals import Refusal
from kit.saga import SagaEngine, Start
from payments.domain.bulk import Bulk, RowOutcome
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.limits import Day, Limit
from payments.domain.parties import Parties
from payments.domain.payment import Payment
from payments.domain.policies import Terms
from payments.refusals import BulkNotFound, TooManyBulks
from payments.repository import Bulks, Limits
from payments.sagas.payment import facts
from payments.service.payments import store_under_way


async def accept(
    uow: UnitOfWork, user_id: UUID, orders: Sequence[PaymentOrder], *, most: int
) -> Bulk:
    """Store a bulk; none of its rows is decided yet.

    Raises:
        TooManyBulks: ``most`` bulks of this sender are worked on already.
    """
    if await Bulks(uow).under_way(user_id, most) >= most:
        raise TooManyBulks(most=most)
    bulk = Bulk(new_id(), user_id, total=len(orders), done=0, created_at=uow.clock.now())
    await Bulks(uow).add(bulk, orders)
    return bulk


async def decide_rows(
    uow: UnitOfWork,
    engine: SagaEngine,
    terms: Terms,
    bulk: Bulk,
    asked: Sequence[tuple[PaymentOrder, Parties]],
) -> None:
    """Refuse the next rows of a bulk, or begin to pay them; a few statements for all.

    Nothing happens where somebody else has done so since the bulk was taken.
    """
    bulks = Bulks(uow)
    if not await bulks.advance(bulk, len(asked), uow.clock.now()):
        return
    now = uow.clock.now()
    limits = await _limits_of(uow, terms, bulk, [order for order, _ in asked])
    limited = [currency for currency, limit in limits.items() if limit.per_day is not None]
    days = Limits(uow)
    spent = await days.lock_day(bulk.user_id, now.date(), limited) if limited else {}
    day = Day(spent)
    outcomes = []
    for position, (order, parties) in enumerate(asked, start=bulk.done + 1):
        try:
            payment = decide_creation(order, parties, payment_id=new_id(), now=now, ttl=terms.ttl)
            limit = limits[payment.currency]
            is_counted = day.count(limit, payment.amount_minor, payment.currency)
        except Refusal as refusal:
            outcomes.append(RowOutcome(position, code=refusal.code))
            continue
        if is_counted:
            payment = replace(payment, counted_on=now.date(), counted_minor=payment.amount_minor)
        outcomes.append(RowOutcome(position, payment=payment))
    if day.added:
        await days.add(bulk.user_id, now.date(), day.added)
    made = [outcome.payment for outcome in outcomes if outcome.payment is not None]
    await _pay_all(uow, engine, terms, made)
    await bulks.decide(bulk.id, outcomes)


async def _limits_of(
    uow: UnitOfWork, terms: Terms, bulk: Bulk, orders: Sequence[PaymentOrder]
) -> dict[str, Limit]:
    own = await Limits(uow).own(bulk.user_id)
    currencies = sorted({order.amount.currency for order in orders if order.amount})
    return {one: terms.policies.limits.in_force(one, own.get(one)) for one in currencies}


async def _pay_all(
    uow: UnitOfWork, engine: SagaEngine, terms: Terms, created: Sequence[Payment]
) -> None:
    if not created:
        return
    await store_under_way(uow, [(payment, current()) for payment in created])
    await engine.start_many(
        uow,
        [
            Start(
                payment.id,
                facts(payment, is_checked=terms.policies.is_checked(payment)),
                current(),
            )
            for payment in created
        ],
    )


def visible_bulk(bulk: Bulk | None, user_id: UUID) -> Bulk:
    """Return the bulk to whoever sent it; to everybody else it does not exist."""
    if bulk is None or bulk.user_id != user_id:
        raise BulkNotFound
    return bulk
