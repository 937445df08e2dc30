"""Holds the verbs of payments: create, pay (or both), cancel, expire, carry out.

Each loads, decides, saves and emits. They run inside the caller's unit of work and never commit.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from kit.context import Context, current, within
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.money import Money
from kit.refusals import Refusal, Unavailable
from kit.saga import SagaEngine, Start, UndoOutcome
from kit.step_up import ANY_AMOUNT, WithoutStepUp
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.lifecycle import (
    Cancel,
    Pay,
    decide_cancel,
    decide_capture,
    decide_pay,
    visible_to,
)
from payments.domain.limits import KeyLimit, Limit
from payments.domain.parties import Ends, Parties, PayeeName
from payments.domain.payment import Method, Payment, PaymentEnd, PaymentStatus
from payments.domain.policies import Policies
from payments.domain.reasons import CANCELLED_BY_PAYER, EXPIRED
from payments.events import tell
from payments.refusals import (
    PayeeNotActive,
    PayerNotActive,
    PaymentBeingCancelled,
    PaymentBeingCaptured,
    ServiceNotActive,
)
from payments.repository import KnownPeople, Limits, PaidServices, Payments
from payments.sagas.payment import CONFIRM, confirmed, facts
from payments.service.cards.charges import Card, charge_of, request_charge
from payments.service.limits import count, count_for_keys, give_back

EXPIRY_BATCH: Final = 200
DUE_BATCH: Final = 100
CLAIM_TRIES: Final = 5

_Key: TypeAlias = tuple[UUID, UUID]  # a payment, and who pays it


class Creation(Struct, frozen=True):
    """A payment to be created, and the request that wants it."""

    order: PaymentOrder
    parties: Parties
    context: Context
    spares: WithoutStepUp = ANY_AMOUNT
    payment_id: UUID = field(default_factory=new_id)


class Paying(Struct, frozen=True):
    """A payment to be paid, and the request that wants it.

    ``amount`` is the part of a reserved payment to pay, as a decimal in its currency; None pays
    all. Without ``card`` the payer's wallet pays. ``key`` is the limit of the API key that asks,
    ``spares`` what it may spend without a step-up.
    """

    payment_id: UUID
    caller_id: UUID
    context: Context
    amount: str | None = None
    card: Card | None = None
    key: KeyLimit | None = None
    spares: WithoutStepUp = ANY_AMOUNT

    @property
    def method(self) -> Method:
        """Where the money comes from."""
        return Method.WALLET if self.card is None else Method.CARD


class AtOnce(Struct, frozen=True):
    """A new payment that is paid at once, and the request that wants it."""

    payment: Payment
    context: Context
    card: Card | None = None


class _Claimed(Struct, frozen=True):
    """A payment that is being paid: how much of it, under which limits, by which card."""

    payment: Payment
    part: Money
    own: Limit | None
    context: Context
    card: Card | None = None


async def create(
    uow: UnitOfWork, wanted: Sequence[Creation], *, ttl: timedelta
) -> list[Payment | Refusal]:
    """Store payments; no money moves.

    Returns each payment, or its refusal by ``decide_creation``. Events are emitted first: where
    there are none, to store is the one statement of its unit of work (``Database.one_statement``).
    """
    now = uow.clock.now()
    outcomes = [_decided(one, now, ttl) for one in wanted]
    for one, payment in zip(wanted, outcomes, strict=True):
        if isinstance(payment, Payment):
            with within(one.context):
                tell(uow, payment, is_heard=one.parties.are_heard)
    created = [payment for payment in outcomes if isinstance(payment, Payment)]
    if created:
        await Payments(uow).add(created)
    return outcomes


def _decided(wanted: Creation, now: datetime, ttl: timedelta) -> Payment | Refusal:
    try:
        payment_id, spares = wanted.payment_id, wanted.spares
        return decide_creation(
            wanted.order, wanted.parties, payment_id=payment_id, now=now, ttl=ttl, spares=spares
        )
    except Refusal as refusal:
        return refusal


async def set_aside(uow: UnitOfWork, engine: SagaEngine, created: Payment) -> None:
    """Begin to hold the money of a reserved payment, which then waits to be paid.

    Whether it is checked outside, and fits its payer's limits, is decided when it is paid.
    """
    await engine.start(uow, created.id, facts(created, is_checked=False))


async def pay(
    uow: UnitOfWork, wanted: Sequence[Paying], *, engine: SagaEngine, policies: Policies
) -> list[Payment | Refusal]:
    """Begin to pay payments; return one that is on its way already as it is.

    For a card the charge is stored too; the caller asks the provider after that. Returns each
    payment, or its refusal: of ``decide_pay``, or PayerNotActive, PayeeNotActive or
    ServiceNotActive where one of them has been disabled since the payment was created. Raises the
    refusals of ``decide_capture``, cards and limits, StepUpRequired and PaymentBeingCancelled, as
    the claim has to be rolled back: a caller who pays many then pays each alone.
    """
    asked = {(one.payment_id, one.caller_id): one for one in wanted}
    found, others = await _claim(uow, asked)
    claimed = [_claimed(payment, own, asked[key]) for key, (payment, own) in found.items()]
    # Lock order: the sagas of reserved payments, then the days that payments are counted in.
    await _signal(uow, engine, policies, [one for one in claimed if one.payment.is_reserved])
    await _count_all(uow, claimed, policies)
    parts = [one.part for one in claimed]
    await count_for_keys(uow, zip([asked[key].key for key in found], parts, strict=True))
    await _start(uow, engine, policies, [one for one in claimed if not one.payment.is_reserved])
    outcomes = others | {key: payment for key, (payment, _) in found.items()}
    return [outcomes[one.payment_id, one.caller_id] for one in wanted]


async def _claim(
    uow: UnitOfWork, asked: Mapping[_Key, Paying]
) -> tuple[dict[_Key, tuple[Payment, Limit | None]], dict[_Key, Payment | Refusal]]:
    """Claim payments; return the claimed ones, and what became of the others.

    The reason why one was not claimed may be gone by the time it is looked for (somebody was
    disabled and is active again): then nobody is blamed for it, and the payment is claimed after
    all.
    """
    found: dict[_Key, tuple[Payment, Limit | None]] = {}
    others: dict[_Key, Payment | Refusal] = {}
    left = dict(asked)
    for _ in range(CLAIM_TRIES):
        methods = {key: one.method for key, one in left.items()}
        found |= await Payments(uow).claim(methods, uow.clock.now())
        for key in left.keys() - found.keys():
            outcome = await _not_claimed(uow, left[key])
            if outcome is not None:
                others[key] = outcome
        left = {key: one for key, one in left.items() if key not in found and key not in others}
        if not left:
            break
    return found, others | {key: Unavailable() for key in left}


def _claimed(payment: Payment, own: Limit | None, wanted: Paying) -> _Claimed:
    part = decide_capture(payment, wanted.amount)
    wanted.spares.require(part)
    if wanted.card is not None:
        wanted.card.check(part)
    return _Claimed(payment, part, own, wanted.context, wanted.card)


async def _signal(
    uow: UnitOfWork, engine: SagaEngine, policies: Policies, reserved: Iterable[_Claimed]
) -> None:
    """Let the sagas of reserved payments go on, in the order of their ids."""
    for one in sorted(reserved, key=lambda one: one.payment.id):
        is_checked = policies.is_checked(one.payment, one.part)
        news = confirmed(one.part.minor, is_checked=is_checked)
        with within(one.context):
            if not await engine.signal(uow, one.payment.id, CONFIRM, learnt=news):
                # Its time has just run out, or the wallet did not answer.
                raise PaymentBeingCancelled


async def _start(
    uow: UnitOfWork, engine: SagaEngine, policies: Policies, paid: Sequence[_Claimed]
) -> None:
    if not paid:
        return
    await engine.start_many(uow, [_start_of(one, policies) for one in paid])
    # In the order of their owners, as everybody locks an owner's open charges in that order.
    for one in sorted(paid, key=_day_key):
        await _request_charge(uow, one)


async def _request_charge(uow: UnitOfWork, paid: _Claimed) -> None:
    if paid.card is not None:
        charge = charge_of(paid.payment, paid.card, uow.clock.now())
        await request_charge(uow, charge, paid.card.most_open)


def _start_of(paid: _Claimed, policies: Policies) -> Start:
    is_checked = policies.is_checked(paid.payment)
    provider = None if paid.card is None else paid.card.provider
    known = facts(paid.payment, is_checked=is_checked, provider=provider)
    return Start(paid.payment.id, known, paid.context)


async def _count_all(uow: UnitOfWork, claimed: Iterable[_Claimed], policies: Policies) -> None:
    """Count payments against limits, in the order of the days' keys.

    Everybody who counts does so in this order, so that none deadlocks.
    """
    for one in sorted(claimed, key=_day_key):
        await _count(uow, one, policies)


def _day_key(claimed: _Claimed) -> tuple[UUID, str, UUID]:
    return (claimed.payment.payer_id, claimed.payment.currency, claimed.payment.id)


async def _count(uow: UnitOfWork, claimed: _Claimed, policies: Policies) -> None:
    limit = policies.limits.in_force(claimed.payment.currency, claimed.own)
    await count(uow, claimed.payment, claimed.part.minor, limit)


async def _not_claimed(uow: UnitOfWork, wanted: Paying) -> Payment | Refusal | None:
    """Return the payment if it was on its way before, else why it can't be paid.

    None where nothing stands in its way now.
    """
    try:
        seen = visible_to(await Payments(uow).get(wanted.payment_id), wanted.caller_id)
        if decide_pay(seen, wanted.caller_id, uow.clock.now()) is Pay.START:
            return await _who_is_not_active(uow, seen)
    except Refusal as refusal:
        return refusal
    return seen


async def _who_is_not_active(uow: UnitOfWork, payment: Payment) -> Refusal | None:
    to = PayeeName(user_id=payment.payee_id)
    [parties] = await KnownPeople(uow).parties([Ends(payment.payer_id, to)])
    if parties.payer is not None and parties.payer.is_barred:
        return PayerNotActive()
    if parties.payee is not None and parties.payee.is_barred:
        return PayeeNotActive()
    paid_service = await PaidServices(uow).get(payment.service_id) if payment.service_id else None
    return None if paid_service is None or paid_service.is_active else ServiceNotActive()


async def cancel(uow: UnitOfWork, engine: SagaEngine, payment_id: UUID, caller_id: UUID) -> Payment:
    """Cancel a payment at once, or begin to undo one that is under way.

    The latter stays processing until it is undone.

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
    """Cancel one batch of payments that were not paid in time; return them."""
    expired = await Payments(uow).expire(EXPIRED, uow.clock.now(), EXPIRY_BATCH)
    for payment in expired:
        tell(uow, payment)
    return expired


async def carry_out(uow: UnitOfWork, engine: SagaEngine, policies: Policies) -> list[Payment]:
    """Pay one batch of scheduled payments whose time has come; return them.

    A payment fails whose payer, payee or service has been disabled since, or which does not fit
    its payer's limits now.
    """
    due = await Payments(uow).claim_due(uow.clock.now(), DUE_BATCH)
    for payment, _ in due:
        if payment.status is PaymentStatus.FAILED:
            tell(uow, payment)
    claimed = [
        _Claimed(payment, decide_capture(payment, None), own, current())
        for payment, own in due
        if payment.status is not PaymentStatus.FAILED
    ]
    fitting, refused = await _sifted(claimed, lambda one: _count(uow, one, policies))
    await _fail(uow, refused)
    await _start(uow, engine, policies, fitting)
    return [payment for payment, _ in due]


async def pay_at_once(
    uow: UnitOfWork, wanted: Sequence[AtOnce], *, engine: SagaEngine, policies: Policies
) -> list[Payment]:
    """Store payments as under way and begin to pay them; return those that failed.

    One fails that does not fit its payer's limits, or their open charges.

    Raises:
        PayerNotActive, PayeeNotActive: one of them has just been closed.
    """
    await store_under_way(uow, [(one.payment, one.context) for one in wanted])
    own = await Limits(uow).own_of_many({one.payment.payer_id for one in wanted})
    claimed = [_at_once(one, own) for one in wanted]
    # Lock order: the days, then the open charges.
    counted, refused = await _sifted(claimed, lambda one: _count(uow, one, policies))
    fitting, not_charged = await _sifted(counted, lambda one: _request_charge(uow, one))
    failed = await _fail(uow, refused + not_charged)
    if fitting:
        await engine.start_many(uow, [_start_of(one, policies) for one in fitting])
    return failed


async def store_under_way(uow: UnitOfWork, created: Sequence[tuple[Payment, Context]]) -> None:
    """Store new payments that are paid at once, each as its request created it."""
    now = uow.clock.now()
    for payment, context in created:
        with within(context):
            tell(uow, payment)
    under_way = [
        replace(payment, status=PaymentStatus.PROCESSING, processing_at=now)
        for payment, _ in created
    ]
    await Payments(uow).add(under_way)


def _at_once(wanted: AtOnce, own: Mapping[tuple[UUID, str], Limit]) -> _Claimed:
    payment = wanted.payment
    limit = own.get((payment.payer_id, payment.currency))
    return _Claimed(payment, decide_capture(payment, None), limit, wanted.context, wanted.card)


async def _sifted(
    claimed: Iterable[_Claimed], require: Callable[[_Claimed], Awaitable[None]]
) -> tuple[list[_Claimed], list[PaymentEnd]]:
    """Split payments by a requirement, in the order of their days.

    Returns those that meet it, and the ends of the others.
    """
    fitting, refused = [], []
    for one in sorted(claimed, key=_day_key):
        try:
            await require(one)
        except Refusal as refusal:
            refused.append(PaymentEnd(one.payment.id, PaymentStatus.FAILED, reason=refusal.code))
        else:
            fitting.append(one)
    return fitting, refused


async def _fail(uow: UnitOfWork, refused: Sequence[PaymentEnd]) -> list[Payment]:
    if not refused:
        return []
    failed = await Payments(uow).finish(refused, uow.clock.now())
    await give_back(uow, failed)
    for payment in failed:
        tell(uow, payment)
    return failed
