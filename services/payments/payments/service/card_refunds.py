"""The verbs of what goes back to cards: want it, and learn how it stands.

They run inside the caller's unit of work and never commit; nobody outside is asked here.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kit.db import UnitOfWork
from kit.logs import get_logger
from kit.saga import SagaEngine
from payments.domain.card_refunds import CardRefund, CardRefundNews, CardRefundStatus
from payments.domain.charges import CALM_ATTEMPTS, Charge, pause
from payments.domain.reasons import CARD_REFUND_REFUSED, PAYMENT_DISPUTED
from payments.refund_saga import CARD
from payments.repository import CardRefunds, Payments
from payments.service.charges import REPEATED

_ENDS: Final = frozenset({CardRefundStatus.DONE, CardRefundStatus.REFUSED})

log = get_logger(__name__)


async def want(uow: UnitOfWork, engine: SagaEngine, refund_ids: Sequence[UUID]) -> None:
    """Have the provider give back what these refunds have set aside; their payments are locked.

    Where the card's owner has taken the money back meanwhile, the refund is refused.
    """
    wanted = await CardRefunds(uow).want(refund_ids, uow.clock.now())
    for refund_id in refund_ids:
        if refund_id not in wanted:
            await engine.signal(uow, refund_id, CARD, refusal=PAYMENT_DISPUTED)


async def learn(  # noqa: PLR0913 (which refund of which charge, and the two halves of an answer)
    uow: UnitOfWork,
    engine: SagaEngine,
    charge: Charge,
    refund: CardRefund,
    *,
    news: CardRefundNews | None,
    error: str | None,
) -> None:
    """Store what a call brought; nothing usable, or no end yet, is asked for again."""
    if charge.payment_id is not None:
        await Payments(uow).lock(charge.payment_id)
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
        await _ended(uow, engine, refund, news)


async def _is_not_its(
    refunds: CardRefunds, charge: Charge, refund: CardRefund, name: str | None
) -> bool:
    """Tell whether a provider's answer names another refund: it says nothing of this one then."""
    if name is None or name == refund.reference:
        return False
    has_another = refund.reference is not None
    return has_another or await refunds.is_anothers(charge.provider, name, refund.id)


async def _ended(
    uow: UnitOfWork, engine: SagaEngine, refund: CardRefund, news: CardRefundNews
) -> None:
    log.info("card_refund_ended", card_refund_id=str(refund.id), status=news.status)
    is_refused = news.status is CardRefundStatus.REFUSED
    if refund.is_asked_for:
        refusal = CARD_REFUND_REFUSED if is_refused else None
        await engine.signal(uow, refund.id, CARD, refusal=refusal)
    elif is_refused:
        # It lies on the clearing account until somebody has given it back by hand.
        log.error("card_refund_refused", charge_id=str(refund.charge_id))


def _watch(refund: CardRefund, error: str | None) -> None:
    if error is not None and refund.attempts > CALM_ATTEMPTS:
        log.error("card_refund_needs_attention", card_refund_id=str(refund.id), error=error)
