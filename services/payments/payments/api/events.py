"""Streams changes of payments as Server-Sent Events; a stream can be resumed."""

from collections.abc import AsyncGenerator, Callable
from functools import partial
from uuid import UUID

from fastapi import Request

from kit.scopes import KeyBounded
from kit.web.audit import Auditing
from kit.web.event_stream import DOCUMENTED, EventStream, LastEventId, goes_on
from kit.web.routes import Router
from payments.api.viewer import Viewer, Viewing
from payments.domain.changes import Change
from payments.live.stream import Stream, place_of_payment, place_of_user
from payments.refusals import PaymentNotFound, TooManyStreams
from payments.repository import Payments, StreamPosition
from payments.schemas.changes import change_seen
from payments.wiring import Wired, Wiring

router = Router(tags=["events"], scope="payments")


@router.get(
    "/v1/payments/events",
    access="user",
    operation_id="stream_payments",
    summary="Stream the changes of all of the caller's payments",
    description="Sends Server-Sent Events, from now on, or after `Last-Event-ID` without loss. "
    "Events that were on their way when the connection broke may come twice. `event: reset` says "
    "that the position is too old: read the list anew.",
    responses=DOCUMENTED,
    refusals=(TooManyStreams, KeyBounded),
)
async def stream_payments(
    request: Request, viewer: Viewing, wired: Wired, last_event_id: LastEventId = None
) -> EventStream:
    """Find the position to start from; events are read as the client takes them."""
    viewer.caller.require_all_wallets()
    wired.watchers.require_place(viewer.user_id)
    place, first = await place_of_user(wired.database, viewer.user_id, last_event_id)
    return _stream(request, viewer, wired, place, first, _shown_to(viewer, viewer.user_id))


@router.get(
    "/v1/payments/{payment_id}/events",
    access="owner",
    operation_id="stream_payment",
    summary="Stream the changes of one payment",
    description="Sends Server-Sent Events, from the payment's creation on, or after "
    "`Last-Event-ID` without loss. What it has been through before the stream begins is told "
    "by its times; what has gone back by then, and a dispute, as they stand.",
    responses=DOCUMENTED,
    refusals=(PaymentNotFound, TooManyStreams),
)
async def stream_payment(  # noqa: PLR0913, PLR0917 (one for each part of the request)
    request: Request,
    viewer: Viewing,
    payment_id: UUID,
    wired: Wired,
    audit: Auditing,
    last_event_id: LastEventId = None,
) -> EventStream:
    """Stream one payment to whoever may see it."""
    async with wired.database.read() as connection:
        payment = viewer.may_see(await Payments(connection).get(payment_id))
    await audit.read("payment", payment.id, payment.payer_id, payment.payee_id)
    wired.watchers.require_place(viewer.user_id)
    shown = _shown_to(viewer, viewer.as_whom(payment))
    place, first = await place_of_payment(wired.database, payment_id, last_event_id, shown)
    return _stream(request, viewer, wired, place, first, shown)


def _shown_to(viewer: Viewer, viewer_id: UUID) -> Callable[[Change], bytes | None]:
    """Return what writes a change as a party of the payment may see it."""
    return partial(change_seen, viewer_id=viewer_id, language=viewer.language)


def _stream(  # noqa: PLR0913, PLR0917 (who asks, what for, and how it is shown)
    request: Request,
    viewer: Viewer,
    wired: Wiring,
    place: StreamPosition,
    first: bytes,
    shown: Callable[[Change], bytes | None],
) -> EventStream:
    wired.watchers.require_place(viewer.user_id)  # others may have come meanwhile
    stream = Stream(wired.database, place, goes_on(request, viewer.caller), shown)

    async def events() -> AsyncGenerator[bytes, None]:
        with wired.watchers.watch(place.payment_id or viewer.user_id, viewer.user_id) as wake_up:
            async for text in stream.events(wake_up, first):
                yield text

    return EventStream(events())
