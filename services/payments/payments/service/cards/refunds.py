"""Holds the verbs of refunds to cards: request one, and learn how it stands.

They run inside the caller's unit of work and never commit; they call nobody outside.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import derived_id
from kit.logs import get_logger
from kit.saga import SagaEngine
from payments.domain.cards.charges import CALM_ATTEMPTS, REPEATED, Charge, pause
from payments.domain.cards.refunds import (
    CardRefund,
    CardRefundNews,
    CardRefundOrigin,
    CardRefundStatus,
    RefundNews,
)
from payments.domain.reasons import CARD_REFUND_REFUSED, PAYMENT_DISPUTED
from payments.repository import CardRefunds, Charges, Disputes, Refunds
from payments.sagas.refund import CARD
from payments.service.cards import recoveries

_ENDS: Final = frozenset({CardRefundStatus.DONE, CardRefundStatus.REFUSED})

LATER: Final = timedelta(minutes=10)  # when a refund under way at the provider is read again

log = get_logger(__name__)


async def request_card_refunds(
    uow: UnitOfWork, engine: SagaEngine, refund_ids: Sequence[UUID]
) -> None:
    """Store the refunds that the provider is to give back; their payments are locked.

    Where the money is not there any more, as the card's owner has taken it back meanwhile, the
    refund is refused.
    """
    now = uow.clock.now()
    for refund in await Refunds(uow).among(refund_ids):
        [charge] = await Charges(uow).of_payments([refund.payment_id])
        await Charges(uow).lock_many([charge.id])
        back = CardRefund(id=refund.id, charge_id=charge.id, amount_minor=refund.amount_minor)
        refusal = await _refusal(uow, charge, back)
        if refusal is None:
            await CardRefunds(uow).add(back, now)
        else:
            await engine.signal(uow, refund.id, CARD, refusal=refusal)


async def is_due(uow: UnitOfWork, engine: SagaEngine, charge: Charge, refund: CardRefund) -> bool:
    """Tell whether to ask the provider for a refund; drop one that it would refuse.

    That is one it was never asked for, and whose money it does not hold any more.
    """
    if refund.attempts > 1 or refund.reference is not None:
        return True
    await recoveries.lock(uow, [charge])
    refusal = await _refusal(uow, charge, refund)
    if refusal is None:
        return True
    status = CardRefundStatus.DROPPED
    await CardRefunds(uow).turn(refund.id, status, None, uow.clock.now())
    log.warning("card_refund_dropped", card_refund_id=str(refund.id), charge_id=str(charge.id))
    if refund.origin is CardRefundOrigin.REFUND:
        await engine.signal(uow, refund.id, CARD, refusal=refusal)
    await recoveries.settle(uow, [charge.id])
    return False


async def _refusal(uow: UnitOfWork, charge: Charge, wanted: CardRefund) -> str | None:
    """Return why the provider would refuse a refund: it holds less by now.

    All refunds that are done or on their way count, and what disputes have taken.
    """
    refunds = await CardRefunds(uow).of_charges([charge.id])
    disputes = await Disputes(uow).of_charges([charge.id])
    out = sum(one.amount_minor for one in refunds if one.is_live and one.id != wanted.id)
    taken = sum(one.taken_minor for one in disputes)
    if charge.amount_minor - out - taken >= wanted.amount_minor:
        return None
    return PAYMENT_DISPUTED if taken else CARD_REFUND_REFUSED


async def learn(  # noqa: PLR0913 (which refund of which charge, and the two halves of an answer)
    uow: UnitOfWork,
    engine: SagaEngine,
    charge: Charge,
    refund: CardRefund,
    *,
    news: CardRefundNews | None,
    error: str | None,
) -> None:
    """Store a call's answer; plan another call where the refund has not ended."""
    await recoveries.lock(uow, [charge])
    refunds, now = CardRefunds(uow), uow.clock.now()
    if news is not None and await _is_not_its(refunds, charge, refund, news.reference):
        log.error("provider_id_repeated", refund_id=str(refund.id), provider_id=news.reference)
        news, error = None, REPEATED
    if news is None or news.status not in _ENDS:
        _watch(refund, error)
        reference = None if news is None else news.reference
        again = now + pause(refund.attempts - 1)
        await refunds.keep_asking(refund.id, again, now, error=error, reference=reference)
    elif await refunds.end(refund.id, news, error, now):
        await _ended(uow, engine, charge, refund, news.status)
        await recoveries.settle(uow, [charge.id])


async def note(uow: UnitOfWork, engine: SagaEngine, charge: Charge, news: RefundNews) -> bool:
    """Store what a provider tells of a refund, ours or its own; the charge is locked.

    False where it can't be used: it is in another currency than the charge.
    """
    if news.currency != charge.currency:
        log.error("refund_in_another_currency", charge_id=str(charge.id))
        return False
    refunds, now = CardRefunds(uow), uow.clock.now()
    known = _known(await refunds.of_charges([charge.id]), news)
    if known is None:
        made = CardRefund(
            id=derived_id(charge.id, "provider_refund", news.reference),
            charge_id=charge.id,
            amount_minor=news.amount_minor,
            status=news.status,
            origin=CardRefundOrigin.PROVIDER,
            reference=news.reference,
        )
        await refunds.add(made, now)
        log.warning("card_refunded_at_provider", charge_id=str(charge.id), status=news.status)
    elif known.is_behind(news.status):
        await refunds.turn(known.id, news.status, news.reference, now)
        if news.status in _ENDS:
            await _ended(uow, engine, charge, known, news.status)
    if news.status is CardRefundStatus.PENDING and news.refund_id is None:
        await Charges(uow).read_refunds([charge.id], now + LATER)
    return True


def _known(refunds: Sequence[CardRefund], news: RefundNews) -> CardRefund | None:
    """Return the refund that news is about, by our id or else by the provider's.

    It is not one of ours that was given up before it had an id at the provider: there it was made
    after all, and counts as the provider's own.
    """
    for one in refunds:
        is_named = one.reference == news.reference
        if one.origin is CardRefundOrigin.PROVIDER or news.refund_id is None:
            if is_named:
                return one
        elif one.id == news.refund_id and (one.reference is not None or one.is_live):
            return one
    return None


async def _is_not_its(
    refunds: CardRefunds, charge: Charge, refund: CardRefund, name: str | None
) -> bool:
    """Tell whether a provider's answer names another refund than this one."""
    if name is None or name == refund.reference:
        return False
    has_another = refund.reference is not None
    return has_another or await refunds.is_anothers(charge.provider, name, refund.id)


async def _ended(
    uow: UnitOfWork,
    engine: SagaEngine,
    charge: Charge,
    refund: CardRefund,
    status: CardRefundStatus,
) -> None:
    log.info("card_refund_ended", card_refund_id=str(refund.id), status=status)
    is_refused = status is CardRefundStatus.REFUSED
    if refund.origin is CardRefundOrigin.REFUND and not refund.is_done:
        refusal = CARD_REFUND_REFUSED if is_refused else None
        await engine.signal(uow, refund.id, CARD, refusal=refusal)
    elif (
        refund.origin is CardRefundOrigin.RETURN
        and is_refused
        and not await _refusal(uow, charge, refund)
    ):
        # The money stays on the clearing account until somebody gives it back by hand.
        log.error("card_refund_refused", charge_id=str(refund.charge_id))


def _watch(refund: CardRefund, error: str | None) -> None:
    if error is not None and refund.attempts > CALM_ATTEMPTS:
        log.error("card_refund_needs_attention", card_refund_id=str(refund.id), error=error)
