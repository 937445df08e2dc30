"""Applies what providers' events tell of charges, disputes and refunds.

Runs inside the caller's unit of work and never commits; calls nobody outside.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit.db import UnitOfWork
from kit.saga import SagaEngine
from payments.domain.cards.charges import Charge, News, ProviderNotice
from payments.repository import CardRefunds, Charges
from payments.service.cards import charges, disputes, recoveries
from payments.service.cards import refunds as card_refunds


@dataclass(slots=True)
class UnappliedEvents:
    """What could not be applied: events of unknown charges, and unclear ones."""

    early: list[ProviderNotice] = field(default_factory=list)
    unclear: list[ProviderNotice] = field(default_factory=list)


async def hint(uow: UnitOfWork, provider: str, notice: ProviderNotice) -> None:
    """Plan to read what an unsigned webhook is about, without believing it."""
    [charge] = await Charges(uow).named(provider, [(notice.charge_id, notice.reference)])
    if charge is not None:
        now = uow.clock.now()
        await Charges(uow).ask_soon(charge.id, now)
        await CardRefunds(uow).ask_soon(charge.id, now)
        if notice.has_refunds:
            await Charges(uow).read_refunds([charge.id], now)


async def apply_events(
    uow: UnitOfWork,
    engine: SagaEngine,
    refunds: SagaEngine,
    provider: str,
    notices: Sequence[ProviderNotice],
) -> UnappliedEvents:
    """Apply new events of a provider: news of charges, disputes and refunds.

    An event of a charge that is not known changes nothing.

    Args:
        uow: Where to do it.
        engine: Gets a signal when a payment's charge ends.
        refunds: Gets a signal when a refund to a card ends.
        provider: Whose webhooks they are.
        notices: In the order in which they came.
    """
    names = [(notice.charge_id, notice.reference) for notice in notices]
    found = await Charges(uow).named(provider, names)
    unapplied, told, doubted = UnappliedEvents(), [], []
    for charge, notice in zip(found, notices, strict=True):
        if charge is None:
            unapplied.early.append(notice)
        elif notice.has_refunds or notice.is_about(charge):
            told.append((charge, notice))
        else:
            doubted.append((charge, notice))
    await recoveries.lock(uow, [charge for charge in found if charge is not None])
    for charge, notice in doubted:
        await charges.doubt(uow, charge, notice.reference)
    for part in _rounds((one, notice.news) for one, notice in told if notice.news is not None):
        await charges.learn_of_locked(uow, engine, part)
    known = await Charges(uow).among(charge.id for charge, _ in told)
    for charge, notice in told:
        if notice.news is not None and known[charge.id].reference is None:
            continue  # its news was doubted, as it came under another charge's id
        if not await _note(uow, refunds, charge, notice):
            unapplied.unclear.append(notice)
    await recoveries.settle(uow, known)
    return unapplied


async def _note(
    uow: UnitOfWork, refunds: SagaEngine, charge: Charge, notice: ProviderNotice
) -> bool:
    """Store what an event tells of a dispute or refund; False where it can't be used."""
    is_clear = True
    if notice.dispute is not None:
        is_clear = await disputes.note(uow, charge, notice.dispute)
    if notice.refund is not None:
        is_clear = await card_refunds.note(uow, refunds, charge, notice.refund) and is_clear
    if notice.has_refunds:
        await Charges(uow).read_refunds([charge.id], uow.clock.now())
    return is_clear


def _rounds(news: Iterable[tuple[Charge, News]]) -> list[dict[UUID, tuple[Charge, News]]]:
    """Split news into rounds with each charge at most once, keeping each one's order."""
    rounds: list[dict[UUID, tuple[Charge, News]]] = []
    for charge, one in news:
        free = next((part for part in rounds if charge.id not in part), None)
        if free is None:
            rounds.append(free := {})
        free[charge.id] = charge, one
    return rounds
