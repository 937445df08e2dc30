"""Telling the story of a payment, with what wallet and notifications know of it."""

from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

from kit.refusals import Unavailable
from kit.tasks import all_of, together
from kit.web.routes import Router
from payments.api.viewing import Viewing
from payments.domain.timeline import Posting, Sources, tell_story
from payments.refusals import PaymentNotFound
from payments.repository import Payments, ProviderFaults
from payments.repository.timeline import Record, record_of
from payments.schemas.timeline import Part, Timeline, shown_moment
from payments.service.refunds import Asker, seen_by
from payments.wiring import Wired, Wiring

A = TypeVar("A")

router = Router(tags=["payments"])


@router.get(
    "/v1/payments/{payment_id}/timeline",
    access="owner",
    operation_id="get_payment_timeline",
    summary="All that has happened to a payment",
    description="Oldest first: requests, steps of the saga, every try at an outside check, messages"
    " to other services, entries of the ledger, refunds, disputes, attempts at the caller's own"
    " webhooks. The payee is told what concerns them; administrators are told in addition what the"
    " provider of cards gave as reasons.",
    response_model=Timeline,
    refusals=(PaymentNotFound,),
)
async def get_payment_timeline(viewer: Viewing, payment_id: UUID, wired: Wired) -> Timeline:
    """Read what is stored, then ask others for their part, holding no connection meanwhile."""
    async with wired.database.read() as connection:
        asker = Asker(user_id=viewer.user_id, is_admin=viewer.caller.is_admin)
        payment = seen_by(await Payments(connection).get(payment_id), asker)
        record = await record_of(connection, payment)
        faults = await ProviderFaults(connection).of_payment(payment_id) if asker.is_admin else ()
    postings, webhooks = await together(
        _known(_postings(wired, record)),
        _known(wired.neighbours.webhooks(payment.id, viewer.user_id)),
    )
    sources = Sources(
        record.log, postings or (), record.refunds, webhooks or (), record.disputes, faults
    )
    story = tell_story(payment, viewer.user_id, sources)
    parts: dict[Part, object] = {"ledger": postings, "webhooks": webhooks}
    return Timeline.model_construct(
        payment_id=payment.id,
        items=[shown_moment(moment, viewer.language) for moment in story],
        unavailable=[name for name, part in parts.items() if part is None],
    )


async def _known(asking: Coroutine[Any, Any, A]) -> A | None:
    """Return the answer, None where there is none: the rest is told then."""
    try:
        return await asking
    except Unavailable:
        return None


async def _postings(wired: Wiring, record: Record) -> list[Posting]:
    if not record.account_ids:
        return []
    found = await all_of(
        wired.neighbours.posting(one, record.account_ids) for one in record.transfer_ids
    )
    return [one for one in found if one is not None]
