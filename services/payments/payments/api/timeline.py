"""Serves a payment's timeline, with what wallet and notifications know of it."""

from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

from kit.refusals import Unavailable
from kit.tasks import all_of, together
from kit.web.audit import Auditing
from kit.web.routes import Router
from payments.api.viewer import Viewing
from payments.domain.timeline.story import Posting, Sources, tell_story
from payments.refusals import PaymentNotFound
from payments.repository import Payments, ProviderFaults
from payments.repository.timeline import PaymentRecord, record_of
from payments.schemas.timeline import Timeline, TimelinePart, shown_moment
from payments.wiring import Wired, Wiring

A = TypeVar("A")

router = Router(tags=["payments"], scope="payments")


@router.get(
    "/v1/payments/{payment_id}/timeline",
    access="owner",
    operation_id="get_payment_timeline",
    summary="Show all that has happened to a payment",
    description="Oldest first: requests, steps of the saga, every try at an outside check, messages"
    " to other services, entries of the ledger, refunds, disputes, money that goes back to a card"
    " by itself, attempts at the caller's own webhooks. The payee sees what concerns them;"
    " administrators see what the payer sees, and the reasons that the card provider gave.",
    response_model=Timeline,
    refusals=(PaymentNotFound,),
)
async def get_payment_timeline(
    viewer: Viewing, payment_id: UUID, wired: Wired, audit: Auditing
) -> Timeline:
    """Read what is stored, then ask other services, holding no connection meanwhile."""
    async with wired.database.snapshot() as connection:
        payment = viewer.may_see(await Payments(connection).get(payment_id))
        record = await record_of(connection, payment)
        is_told_faults = viewer.caller.is_admin
        faults = await ProviderFaults(connection).of_payment(payment_id) if is_told_faults else ()
    await audit.read("payment", payment.id, payment.payer_id, payment.payee_id)
    postings, webhooks = await together(
        _known(_postings(wired, record)),
        _known(wired.services.webhooks(payment.id, viewer.as_whom(payment))),
    )
    sources = Sources(
        record.log,
        postings or (),
        record.refunds,
        webhooks or (),
        record.disputes,
        record.returns,
        faults,
    )
    story = tell_story(payment, viewer.as_whom(payment), sources)
    parts: dict[TimelinePart, object] = {"ledger": postings, "webhooks": webhooks}
    return Timeline.model_construct(
        payment_id=payment.id,
        items=[shown_moment(moment, viewer.language) for moment in story],
        unavailable=[name for name, part in parts.items() if part is None],
    )


async def _known(asking: Coroutine[Any, Any, A]) -> A | None:
    """Return the answer; None where the service does not answer, so the rest is shown."""
    try:
        return await asking
    except Unavailable:
        return None


async def _postings(wired: Wiring, record: PaymentRecord) -> list[Posting]:
    if not record.account_ids:
        return []
    found = await all_of(
        wired.services.posting(one, record.account_ids) for one in record.transfer_ids
    )
    return [one for one in found if one is not None]
