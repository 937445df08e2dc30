"""Stores what providers tell of disputes; ``recoveries`` decides what follows."""

from dataclasses import replace
from typing import Final

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from payments.domain.cards.charges import Charge
from payments.domain.cards.disputes import DisputeNews, opened, updated
from payments.repository import CardRefunds, Disputes

log = get_logger(__name__)

LONGEST_REASON: Final = 200


async def note(uow: UnitOfWork, charge: Charge, news: DisputeNews) -> bool:
    """Store what is told of a dispute of a charge, which is locked.

    False where it can't be used: it is in another currency than the charge.
    """
    if news.currency not in {None, charge.currency}:
        log.error("dispute_in_another_currency", charge_id=str(charge.id))
        return False
    disputes, now = Disputes(uow), uow.clock.now()
    stored = await disputes.of_charges([charge.id])
    known = next((one for one in stored if one.reference == news.reference), None)
    told = replace(news, reason=news.reason and news.reason[:LONGEST_REASON])
    if known is not None:
        dispute = updated(known, told, now)
    else:
        if told.amount_minor is None:
            told = replace(told, amount_minor=await _left_of(uow, charge))
        if not told.amount_minor:
            log.warning("dispute_of_nothing", charge_id=str(charge.id))
            return True
        dispute = opened(new_id(), charge.id, told, now)
    if dispute != known:
        await disputes.save(dispute)
        log.warning(
            "charge_disputed",
            charge_id=str(charge.id),
            dispute_id=str(dispute.id),
            is_warning=dispute.is_warning,
            outcome=dispute.outcome,
        )
    return True


async def _left_of(uow: UnitOfWork, charge: Charge) -> int:
    """Return how much of a charge has not gone back, in minor units."""
    refunds = await CardRefunds(uow).of_charges([charge.id])
    return charge.amount_minor - sum(one.amount_minor for one in refunds if one.is_done)
