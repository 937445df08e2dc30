"""Telling the story of a payment, with what wallet knows of it."""

from typing import Literal
from uuid import UUID

from kit.refusals import Unavailable
from kit.tasks import all_of
from kit.web.routes import Router
from payments.api.viewing import Viewing
from payments.domain.lifecycle import visible_to
from payments.domain.timeline import Posting, tell_story
from payments.refusals import PaymentNotFound
from payments.repository.timeline import Record, payment_of, record_of
from payments.schemas.timeline import Timeline, shown_moment
from payments.wiring import Wired, Wiring

router = Router(tags=["payments"])


@router.get(
    "/v1/payments/{payment_id}/timeline",
    access="owner",
    operation_id="get_payment_timeline",
    summary="All that has happened to a payment",
    description="Oldest first: requests, steps of the saga, every try at an outside check, messages"
    " to other services, entries of the ledger, refunds. The payee is told what concerns them.",
    response_model=Timeline,
    refusals=(PaymentNotFound,),
)
async def get_payment_timeline(viewer: Viewing, payment_id: UUID, wired: Wired) -> Timeline:
    """Read what is stored, then ask wallet for the entries, holding no connection meanwhile."""
    async with wired.database.read() as connection:
        payment = visible_to(await payment_of(connection, payment_id), viewer.user_id)
        record = await record_of(connection, payment)
    postings, unavailable = await _postings(wired, record)
    story = tell_story(payment, viewer.user_id, record.log, postings, record.refunds)
    return Timeline.model_construct(
        payment_id=payment.id,
        items=[shown_moment(moment, viewer.language) for moment in story],
        unavailable=unavailable,
    )


async def _postings(wired: Wiring, record: Record) -> tuple[list[Posting], list[Literal["ledger"]]]:
    """Return the transfers of a payment, and what could not be asked: that is told, too."""
    if not record.account_ids:
        return [], []
    try:
        found = await all_of(
            wired.neighbours.posting(one, record.account_ids) for one in record.transfer_ids
        )
    except Unavailable:
        return [], ["ledger"]
    return [one for one in found if one is not None], []
