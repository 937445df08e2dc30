"""Books on payments what went back to cards, or came back from there; emits it."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts.wallet import HOUSE
from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.outbox import emit
from payments.domain.cards.bookings import decide_bookings, decide_shares
from payments.domain.cards.cases import Case
from payments.domain.reasons import CARD_REFUND_FAILED
from payments.domain.refunds import Refund, RefundOrigin, RefundStatus
from payments.events import refund_event
from payments.repository import Movements, Payments, Refunds


async def book(uow: UnitOfWork, case: Case) -> None:
    """Book refunds made at the provider on the payment, as far as they were moved."""
    now = uow.clock.now()
    for booking in decide_bookings(case):
        refund = Refund(
            id=new_id(),
            payment_id=booking.payment_id,
            status=RefundStatus.COMPLETED,
            amount_minor=booking.minor,
            currency=case.charge.currency,
            reason=None,
            failure_reason=None,
            transfer_id=await Movements(uow).transfer_for(booking.claim_id),
            requested_by=HOUSE,
            version=1,
            created_at=now,
            completed_at=now,
            failed_at=None,
            origin=RefundOrigin.PROVIDER,
            claim_id=booking.claim_id,
        )
        await Refunds(uow).add_done(refund)
        await count_in(uow, refund)


async def share(uow: UnitOfWork, case: Case) -> None:
    """Store on booked refunds how much of each the house bears."""
    for refund, minor in decide_shares(case):
        if minor != refund.borne_minor:
            await Refunds(uow).bear(replace(refund, borne_minor=minor))


async def reverse(uow: UnitOfWork, refund_ids: Sequence[UUID]) -> list[Refund]:
    """Fail those of these refunds that were completed, and emit that."""
    if not refund_ids:
        return []
    failed = await Refunds(uow).reverse(refund_ids, CARD_REFUND_FAILED, uow.clock.now())
    for refund in failed:
        await count_in(uow, refund)
    return failed


async def count_in(uow: UnitOfWork, refund: Refund) -> None:
    """Count on its payment a refund that was completed, or failed after that.

    Emits the event of it.
    """
    back = await Refunds(uow).count_in(refund, uow.clock.now())
    payment = await Payments(uow).get(refund.payment_id)
    assert payment is not None  # noqa: S101 - the refund refers to it
    event = refund_event(refund, payment, back)
    emit(uow, event, subject=str(payment.id), sequence=payment.version)
