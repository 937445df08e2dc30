"""The verbs: create, pay, cancel, expire, carry out. Each loads, decides, saves and emits.

They run inside the caller's unit of work and never commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from kit.context import Context, current, within
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.money import Money
from kit.refusals import Refusal, Unavailable
from kit.saga import SagaEngine, Start, UndoOutcome
from payments.domain.creation import PaymentOrder, decide_creation
from payments.domain.lifecycle import (
    Cancel,
    Pay,
    decide_cancel,
    decide_capture,
    decide_pay,
    visible_to,
)
from payments.domain.limits import Limit
from payments.domain.outcomes import PaymentEnd
from payments.domain.parties import Ends, Parties, PayeeName
from payments.domain.payment import Method, Payment, PaymentStatus
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
from payments.repository import KnownPeople, PaidServices, Payments
from payments.sagas.payment import CONFIRM, confirmed, facts
from payments.service.cards.charges import Card, charge_of, want
from payments.service.limits import count

EXPIRY_BATCH: Final = 200
DUE_BATCH: Final = 100
CLAIM_TRIES: Final = 5

_Key: TypeAlias = tuple[UUID, UUID]  # a payment, and who pays it


@dataclass(frozen=True, slots=True)
class Creation:
    """A payment to be created, and the request that wants it."""

    order: PaymentOrder
    parties: Parties
    context: Context
    payment_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Paying:
    """A payment to be paid, and the request that wants it.

    Of a reserved one a part may be paid: an amount in the payment's currency. From the payer's
    wallet where no card is to be charged.
    """

    payment_id: UUID
    caller_id: UUID
    context: Context
    amount: str | None = None
    card: Card | None = None

    @property
    def method(self) -> Method:
        """Where the money comes from."""
        return Method.WALLET if self.card is None else Method.CARD


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A payment that is being paid: how much of it, under which limits, and by which card."""

    payment: Payment
    part: Money
    own: Limit | None
    context: Context
    card: Card | None = None


async def create(
    uow: UnitOfWork, wanted: Sequence[Creation], *, ttl: timedelta
) -> list[Payment | Refusal]:
    """Write payments down; no money moves. Returns each, or the refusal of ``decide_creation``."""
    now = uow.clock.now()
    outcomes = [_decided(one, now, ttl) for one in wanted]
    created = [payment for payment in outcomes if isinstance(payment, Payment)]
    if created:
        await Payments(uow).add(created)
    for one, payment in zip(wanted, outcomes, strict=True):
        if isinstance(payment, Payment):
            with within(one.context):
                tell(uow, payment)
    return outcomes


def _decided(wanted: Creation, now: datetime, ttl: timedelta) -> Payment | Refusal:
    try:
        return decide_creation(
            wanted.order, wanted.parties, payment_id=wanted.payment_id, now=now, ttl=ttl
        )
    except Refusal as refusal:
        return refusal


async def set_aside(uow: UnitOfWork, engine: SagaEngine, created: Payment) -> None:
    """Begin to hold the money of a payment that is to be reserved; it waits to be paid then.

    Whether it is checked outside, and fits its payer's limits, is decided when it is paid.
    """
    await engine.start(uow, created.id, facts(created, is_checked=False))


async def pay(
    uow: UnitOfWork, wanted: Sequence[Paying], *, engine: SagaEngine, policies: Policies
) -> list[Payment | Refusal]:
    """Send payments on their way; one that is on its way already is returned as it is.

    By card, the wish for the charge is stored with it; whoever called asks the provider then.
    Returns each, or its refusal: of ``decide_pay``, or PayerNotActive, PayeeNotActive or
    ServiceNotActive where one of them has been disabled since the payment was created. Raises the
    refusals of ``decide_capture``, cards and limits, and PaymentBeingCancelled, as what was
    claimed has to be rolled back: whoever pays many pays each alone then.
    """
    asked = {(one.payment_id, one.caller_id): one for one in wanted}
    found, others = await _claim(uow, asked)
    claimed = [_claimed(payment, own, asked[key]) for key, (payment, own) in found.items()]
    # Lock order: the sagas of reserved ones before the days that payments are counted in.
    await _signal(uow, engine, policies, [one for one in claimed if one.payment.is_reserved])
    await _count_all(uow, claimed, policies)
    await _start(uow, engine, policies, [one for one in claimed if not one.payment.is_reserved])
    outcomes = others | {key: payment for key, (payment, _) in found.items()}
    return [outcomes[one.payment_id, one.caller_id] for one in wanted]


async def _claim(
    uow: UnitOfWork, asked: Mapping[_Key, Paying]
) -> tuple[dict[_Key, tuple[Payment, Limit | None]], dict[_Key, Payment | Refusal]]:
    """Take payments to be paid; returns those taken, and what became of the others.

    What stood in the way may be gone by the time it is looked for (somebody was disabled and is
    active again): then nobody is blamed for it, and the payment is taken after all.
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
    if wanted.card is not None:
        wanted.card.check(part)
    return _Claimed(payment, part, own, wanted.context, wanted.card)


async def _signal(
    uow: UnitOfWork, engine: SagaEngine, policies: Policies, reserved: Iterable[_Claimed]
) -> None:
    """Let the sagas that hold the money of reserved payments go on; in the order of their ids."""
    for one in sorted(reserved, key=lambda one: one.payment.id):
        is_checked = policies.is_checked(one.payment, one.part)
        news = confirmed(one.part.minor, is_checked=is_checked)
        with within(one.context):
            if not await engine.signal(uow, one.payment.id, CONFIRM, learnt=news):
                # Its time has just run out, or its wallet gave no answer.
                raise PaymentBeingCancelled


async def _start(
    uow: UnitOfWork, engine: SagaEngine, policies: Policies, paid: Sequence[_Claimed]
) -> None:
    if not paid:
        return
    now = uow.clock.now()
    await engine.start_many(uow, [_start_of(one, policies) for one in paid])
    # In the order of their owners: one for all who lock what these have open.
    for one in sorted(paid, key=_day_key):
        if one.card is not None:
            await want(uow, charge_of(one.payment, one.card, now), one.card.most_open)


def _start_of(paid: _Claimed, policies: Policies) -> Start:
    is_checked = policies.is_checked(paid.payment)
    provider = None if paid.card is None else paid.card.provider
    known = facts(paid.payment, is_checked=is_checked, provider=provider)
    return Start(paid.payment.id, known, paid.context)


async def _count_all(uow: UnitOfWork, claimed: Iterable[_Claimed], policies: Policies) -> None:
    """Count payments against limits, in the order of the days' keys: one for all who count."""
    for one in sorted(claimed, key=_day_key):
        await _count(uow, one, policies)


def _day_key(claimed: _Claimed) -> tuple[UUID, str, UUID]:
    return (claimed.payment.payer_id, claimed.payment.currency, claimed.payment.id)


async def _count(uow: UnitOfWork, claimed: _Claimed, policies: Policies) -> None:
    limit = policies.limits.in_force(claimed.payment.currency, claimed.own)
    await count(uow, claimed.payment, claimed.part.minor, limit)


async def _not_claimed(uow: UnitOfWork, wanted: Paying) -> Payment | Refusal | None:
    """Return the payment where it was on its way before, else why it can't be paid.

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
    """Cancel a payment at once, or begin to take back one in flight (it stays processing).

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
    """Cancel one batch of payments that were not paid in time; returns them."""
    expired = await Payments(uow).expire(EXPIRED, uow.clock.now(), EXPIRY_BATCH)
    for payment in expired:
        tell(uow, payment)
    return expired


async def carry_out(uow: UnitOfWork, engine: SagaEngine, policies: Policies) -> list[Payment]:
    """Pay one batch of scheduled payments whose time has come; returns them.

    One whose payer, payee or service has been disabled since fails, and so does one that does not
    fit its payer's limits now.
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
    fitting, outcomes = [], []
    for one in sorted(claimed, key=_day_key):
        try:
            await _count(uow, one, policies)
        except Refusal as refusal:
            outcomes.append(PaymentEnd(one.payment.id, PaymentStatus.FAILED, reason=refusal.code))
        else:
            fitting.append(one)
    if outcomes:
        for payment in await Payments(uow).finish(outcomes, uow.clock.now()):
            tell(uow, payment)
    await _start(uow, engine, policies, fitting)
    return [payment for payment, _ in due]
