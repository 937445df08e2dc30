"""Books on payments what went back to cards, and what came back from there, and tells of it."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts.wallet import HOUSE
from kit.db import UnitOfWork
from kit.ids import new_id
from payments.domain.bookings import decide_bookings, decide_shares
from payments.domain.cases import Case
from payments.domain.reasons import CARD_REFUND_FAILED
from payments.domain.refunds import Refund, RefundOrigin, RefundStatus
from payments.repository import Movements, Payments, Refunds
from payments.telling import refund_event


async def book(uow: UnitOfWork, case: Case) -> None:
    """Book what the provider gave back as refunds of the payment, as far as it was moved."""
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
    """Note on booked refunds what of them the house bears."""
    for refund, minor in decide_shares(case):
        if minor != refund.borne_minor:
            await Refunds(uow).bear(replace(refund, borne_minor=minor))


async def reverse(uow: UnitOfWork, refund_ids: Sequence[UUID]) -> list[Refund]:
    """Fail those refunds of these that had gone back, and tell of it."""
    if not refund_ids:
        return []
    failed = await Refunds(uow).reverse(refund_ids, CARD_REFUND_FAILED, uow.clock.now())
    for refund in failed:
        await count_in(uow, refund)
    return failed


async def count_in(uow: UnitOfWork, refund: Refund) -> None:
    """Note on its payment that a refund has gone back, or come back, and tell of it."""
    back = await Refunds(uow).count_in(refund, uow.clock.now())
    payment = await Payments(uow).get(refund.payment_id)
    assert payment is not None  # noqa: S101 - the refund refers to it
    event = refund_event(refund, payment, back)
    uow.emit(event, subject=str(payment.id), sequence=payment.version)
