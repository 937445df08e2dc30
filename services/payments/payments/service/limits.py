"""Holds the verbs of limits: count a payment that is being paid, give back, set.

They run inside the caller's unit of work and never commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from kit.db import UnitOfWork
from kit.logs import get_logger
from kit.money import Money
from payments.domain.limits import KeyLimit, Limit, day_is_full, require_fit
from payments.domain.payment import Payment, PaymentStatus
from payments.refusals import PersonNotFound
from payments.repository import KeyDays, KnownPeople, Limits

log = get_logger(__name__)

_COME_TO_NOTHING = frozenset({PaymentStatus.FAILED, PaymentStatus.CANCELLED})


async def count(uow: UnitOfWork, payment: Payment, minor: int, limit: Limit) -> None:
    """Count what is paid of a claimed payment; without limits no statement is made.

    Raises:
        LimitPerPayment, LimitPerDay: the payer may not pay that much.
    """
    require_fit(limit, minor, payment.currency)
    if limit.per_day is None:
        return
    if not await Limits(uow).count(payment, minor, uow.clock.now().date(), limit.per_day):
        raise day_is_full(limit, payment.currency)


async def count_for_keys(uow: UnitOfWork, paid: Iterable[tuple[KeyLimit | None, Money]]) -> None:
    """Count what API keys begin to pay, in one order, so that none deadlocks.

    Raises:
        KeyLimitExceeded: one of them may not pay that much more today, or in another currency.
    """
    limited = [(limit, part) for limit, part in paid if limit is not None]
    for limit, part in sorted(limited, key=lambda one: one[0].key_id):
        limit.require_currency(part.currency)
        if not await KeyDays(uow).count(limit, part.minor, uow.clock.now().date()):
            raise limit.exceeded


async def give_back(uow: UnitOfWork, ended: Sequence[Payment]) -> None:
    """Give back what was counted of payments that failed or were cancelled.

    The payments are locked.
    """
    back = [
        payment
        for payment in ended
        if payment.counted_minor is not None and payment.status in _COME_TO_NOTHING
    ]
    if back:
        await Limits(uow).give_back(back)


async def set_limits(
    uow: UnitOfWork, user_id: UUID, limits: Mapping[str, Limit], set_by: UUID
) -> None:
    """Replace a person's own limits.

    Raises:
        PersonNotFound: the person is not known.
    """
    if not await KnownPeople(uow).knows(user_id):
        raise PersonNotFound
    await Limits(uow).set_own(uow, user_id, limits, set_by)
    uow.after_commit(
        lambda: log.info("limits_set", user_id=str(user_id), set_by=str(set_by), count=len(limits))
    )
