"""Moves a charge's money to where it belongs, after any news about the charge.

``settle`` may be called again and again: it does what is still to be done, and nothing twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.logs import get_logger
from kit.messaging.outbox import emit
from kit.money import decimal_text
from payments.domain.cards.bookings import decide_unbooking
from payments.domain.cards.cases import Case
from payments.domain.cards.charges import Charge
from payments.domain.cards.disputes import Dispute, summary_of
from payments.domain.cards.movements import REFUND_REVERSAL, Movement
from payments.domain.cards.recoveries import Move, Source, decide_moves, decide_return
from payments.domain.cards.refunds import CardRefund, CardRefundOrigin, CardRefundStatus
from payments.domain.cards.returns import Return, return_of
from payments.events import dispute_event
from payments.repository import CardRefunds, Charges, Disputes, Movements, Payments, Refunds
from payments.repository.payments import payments_among
from payments.service.cards import movements
from payments.service.cards.bookings import book, reverse, share

log = get_logger(__name__)


async def lock(uow: UnitOfWork, charges: Iterable[Charge]) -> None:
    """Lock the payments of these charges, then the charges, each in id order."""
    known = list(charges)
    if payment_ids := [one.payment_id for one in known if one.payment_id is not None]:
        await Payments(uow).lock_many(payment_ids)
    await Charges(uow).lock_many(one.id for one in known)


async def settle(uow: UnitOfWork, charge_ids: Iterable[UUID]) -> None:
    """Make the moves, returns and bookings that charges need; lock their payments."""
    found = await Charges(uow).among(charge_ids)
    if not found:
        return
    await lock(uow, found.values())
    eventful = [one for one in await _cases(uow, list(found)) if one.is_eventful]
    for case in eventful:
        await _take_failed_back(uow, case)
        await reverse(uow, [one.id for one in decide_unbooking(case)])
        for refund_id in case.vain_returns:  # `_return` decides anew how much goes back
            dropped = CardRefundStatus.DROPPED
            await CardRefunds(uow).turn(refund_id, dropped, None, uow.clock.now())
    ids = [case.charge.id for case in eventful]
    for case in await _cases(uow, ids):
        for move in decide_moves(case.standing):
            await _ask(uow, case, move, case.kind_of(move.claim_id, move.minor))
        await _return(uow, case)
    for case in await _cases(uow, ids):
        await book(uow, case)
    for case in await _cases(uow, ids):
        await share(uow, case)
        await _save_return(uow, case)
        await _tell(uow, case)


async def settle_payments(uow: UnitOfWork, payment_ids: Iterable[UUID]) -> None:
    """Settle the charges that pay these payments, which are locked."""
    await settle(uow, [one.id for one in await Charges(uow).of_payments(payment_ids)])


async def _cases(uow: UnitOfWork, charge_ids: Sequence[UUID]) -> list[Case]:
    if not charge_ids:
        return []
    charges = (await Charges(uow).among(charge_ids)).values()
    paid = [one.payment_id for one in charges if one.payment_id is not None]
    payments = {one.id: one for one in await payments_among(uow, paid)}
    refunds = await CardRefunds(uow).of_charges(charge_ids)
    disputes = await Disputes(uow).of_charges(charge_ids)
    moved = await Movements(uow).sums(charge_ids) if refunds or disputes else {}
    booked = await Refunds(uow).booked(paid) if moved else []
    return [
        Case(
            charge=charge,
            payment=None if charge.payment_id is None else payments.get(charge.payment_id),
            refunds=[one for one in refunds if one.charge_id == charge.id],
            disputes=[one for one in disputes if one.charge_id == charge.id],
            moved=moved,
            booked=[one for one in booked if one.payment_id == charge.payment_id],
        )
        for charge in charges
    ]


async def _take_failed_back(uow: UnitOfWork, case: Case) -> None:
    """Give the payee back the sums of refunds that the card did not take."""
    refused = [
        one.id
        for one in case.refunds
        if one.origin is CardRefundOrigin.REFUND and one.status is CardRefundStatus.REFUSED
    ]
    for refund in await reverse(uow, refused) if case.payment else ():
        back = Move(refund.id, Source.PAYEE, -refund.amount_minor)
        await _ask(uow, case, back, REFUND_REVERSAL)


async def _ask(uow: UnitOfWork, case: Case, move: Move, kind: str) -> None:
    movement = Movement(
        id=new_id(),
        charge_id=case.charge.id,
        claim_id=move.claim_id,
        kind=kind,
        source=move.source,
        amount_minor=move.minor,
    )
    await movements.ask(uow, movement, case.charge, case.payment)
    is_loss = move.source is Source.HOUSE and move.minor > 0
    tell = log.error if is_loss else log.warning
    tell(
        "charge_not_covered" if is_loss else "charge_money_moved",
        charge_id=str(case.charge.id),
        claim_id=str(move.claim_id),
        kind=kind,
        source=move.source,
        amount=decimal_text(abs(move.minor), case.charge.currency),
        currency=case.charge.currency,
    )


async def _return(uow: UnitOfWork, case: Case) -> None:
    """Send money that pays nobody back to the card."""
    minor = decide_return(case.standing)
    if not minor:
        return
    # The first return has the charge's id, as the provider may know it by that.
    is_first = all(one.id != case.charge.id for one in case.refunds)
    back = CardRefund(
        id=case.charge.id if is_first else new_id(),
        charge_id=case.charge.id,
        amount_minor=minor,
        origin=CardRefundOrigin.RETURN,
    )
    await CardRefunds(uow).add(back, uow.clock.now())
    log.warning("charge_goes_back", charge_id=str(case.charge.id), amount_minor=minor)


async def _save_return(uow: UnitOfWork, case: Case) -> None:
    """Store on the charge how its money goes back, so that it can be shown and listed."""
    said, charge = return_of(case), case.charge
    if said != Return(charge.return_minor, charge.return_status):
        await Charges(uow).save_return(charge.id, said, uow.clock.now())


async def _tell(uow: UnitOfWork, case: Case) -> None:
    """Emit what is new about disputes, once the disputed payment has ended."""
    payment = case.payment
    if payment is None or not case.is_final:
        return
    now = uow.clock.now()
    told: list[tuple[Dispute, bool]] = []
    disputes = []
    for one in case.disputes:
        dispute = one
        if dispute.told_at is None and not dispute.is_warning:
            dispute = replace(dispute, told_at=now)
            told.append((dispute, False))
        if dispute.told_at and dispute.outcome is not None and dispute.end_told_at is None:
            dispute = replace(dispute, end_told_at=now)
            told.append((dispute, True))
        if dispute is not one:
            await Disputes(uow).save(dispute)
        disputes.append(dispute)
    summary = summary_of(disputes)
    said = (payment.disputed_at, payment.disputed_minor, payment.dispute_outcome)
    if not told and said == (summary.disputed_at, summary.disputed_minor, summary.outcome):
        return
    version = await Disputes(uow).save_summary(payment.id, summary, len(told))
    for place, (dispute, is_end) in enumerate(told, start=version - len(told) + 1):
        event = dispute_event(dispute, payment, case.charge.provider, is_end=is_end)
        emit(uow, event, subject=str(payment.id), sequence=place)
