"""The caller's webhook endpoints: made, changed, tried; what was sent to them, and sent again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.refusals import CursorInvalid
from kit.web.answers import Answer
from kit.web.idempotency import Work, idempotently
from kit.web.identity import Caller
from kit.web.pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit
from kit.web.routes import Router
from kit.web.schemas import Page
from notifications.domain.attempts import Status
from notifications.domain.deliveries import Delivery
from notifications.domain.endpoints import Endpoint
from notifications.domain.webhook_urls import UrlFaultError
from notifications.refusals import (
    WebhookDeliveryNotFound,
    WebhookEndpointNotFound,
    WebhookEndpointOff,
    WebhookEndpointsTooMany,
    WebhookSpanTooLarge,
    WebhookUrlRefused,
)
from notifications.repository import Deliveries, Endpoints
from notifications.service import endpoints as verbs
from notifications.webhook_schemas import (
    DeliveryAnswer,
    EndpointAnswer,
    EndpointChanges,
    EndpointList,
    EndpointRequest,
    EndpointWithSecret,
    ReplayAnswer,
    RotateRequest,
    SpanRequest,
)
from notifications.wiring import Configured, Store, Webhooks

OK, CREATED, ACCEPTED = 200, 201, 202
_ADDRESS = "/v1/webhook-endpoints/{endpoint_id}"

router = Router(tags=["webhooks"])

Make = Callable[[UnitOfWork], Awaitable[tuple[Endpoint, bytes]]]

StatusFilter = Annotated[Status | None, Query(description="Only those that stand so.")]


@router.get(
    "/v1/webhook-endpoints",
    access="user",
    operation_id="list_webhook_endpoints",
    summary="The caller's webhook endpoints",
)
async def list_webhook_endpoints(caller: Caller, store: Store) -> EndpointList:
    """Show all of them, newest first; secrets are never shown again."""
    async with store.read() as connection:
        found = await Endpoints(connection).of_user(caller.user)
    return EndpointList(items=[EndpointAnswer.of(endpoint) for endpoint in found])


@router.post(
    "/v1/webhook-endpoints",
    access="user",
    operation_id="create_webhook_endpoint",
    summary="Make a webhook endpoint",
    description="Events are sent to it from now on, signed after Standard Webhooks. The secret is"
    " shown in this answer and never again.",
    status_code=CREATED,
    response_model=EndpointWithSecret,
    is_idempotent=True,
    refusals=(WebhookUrlRefused, WebhookEndpointsTooMany),
)
async def create_webhook_endpoint(
    request: Request, caller: Caller, body: EndpointRequest, webhooks: Webhooks
) -> Answer:
    """Check the URL, looking its host up outside any unit of work, then write."""
    await _check(webhooks.guard.check, body.url)

    async def make(uow: UnitOfWork) -> tuple[Endpoint, bytes]:
        return await verbs.create(uow, webhooks.vault, caller.user, body.wish)

    given: list[Answer] = []
    kept = await idempotently(
        request,
        caller,
        operation="create_webhook_endpoint",
        body=body,
        work=_once_with_secret(make, given, CREATED),
    )
    return given[0] if given else kept


@router.patch(
    _ADDRESS,
    access="owner",
    operation_id="change_webhook_endpoint",
    summary="Change a webhook endpoint, switch it on or off",
    description="What waits when it is switched off is skipped, and so is what comes meanwhile; a"
    " replay sends it. Switched on, it starts as if new.",
    response_model=EndpointAnswer,
    refusals=(WebhookEndpointNotFound, WebhookUrlRefused),
)
async def change_webhook_endpoint(
    endpoint_id: UUID, caller: Caller, body: EndpointChanges, store: Store, webhooks: Webhooks
) -> EndpointAnswer:
    """Change what is named."""
    if body.url is not None:
        # Whose it is comes first: nobody has names looked up through another's endpoint.
        async with store.read() as connection:
            if await Endpoints(connection).get(endpoint_id, caller.user) is None:
                raise WebhookEndpointNotFound
        await _check(webhooks.guard.check, body.url)
    async with store.unit_of_work() as uow:
        changed = await verbs.change(uow, endpoint_id, caller.user, body.changes)
    return EndpointAnswer.of(changed)


@router.delete(
    _ADDRESS,
    access="owner",
    operation_id="delete_webhook_endpoint",
    summary="Delete a webhook endpoint",
    refusals=(WebhookEndpointNotFound,),
)
async def delete_webhook_endpoint(endpoint_id: UUID, caller: Caller, store: Store) -> None:
    """Delete it; nothing more is sent."""
    async with store.unit_of_work() as uow:
        await verbs.delete(uow, endpoint_id, caller.user)


@router.post(
    f"{_ADDRESS}/rotate-secret",
    access="owner",
    operation_id="rotate_webhook_secret",
    summary="Replace the secret of a webhook endpoint",
    description="The old secret signs too for the overlap (24 hours unless said otherwise), so"
    " that no event is lost meanwhile. The new one is shown in this answer and never again.",
    response_model=EndpointWithSecret,
    is_idempotent=True,
    refusals=(WebhookEndpointNotFound,),
)
async def rotate_webhook_secret(
    request: Request,
    endpoint_id: UUID,
    caller: Caller,
    webhooks: Webhooks,
    body: RotateRequest | None = None,
) -> Answer:
    """Make a new secret."""
    overlap = timedelta(hours=(body or RotateRequest()).overlap_hours)

    async def make(uow: UnitOfWork) -> tuple[Endpoint, bytes]:
        return await verbs.rotate(uow, webhooks.vault, endpoint_id, caller.user, overlap)

    given: list[Answer] = []
    kept = await idempotently(
        request,
        caller,
        operation="rotate_webhook_secret",
        body=body,
        work=_once_with_secret(make, given, OK),
    )
    return given[0] if given else kept


@router.post(
    f"{_ADDRESS}/test",
    access="owner",
    operation_id="test_webhook_endpoint",
    summary="Send a test event to a webhook endpoint",
    description="Sends `webhook.test`, whatever event types are chosen; see its deliveries.",
    status_code=ACCEPTED,
    response_model=DeliveryAnswer,
    is_idempotent=True,
    refusals=(WebhookEndpointNotFound, WebhookEndpointOff),
)
async def test_webhook_endpoint(
    request: Request, endpoint_id: UUID, caller: Caller, webhooks: Webhooks
) -> Answer:
    """Write a test event down, to be sent at once."""

    async def work(uow: UnitOfWork) -> Answer:
        uow.after_commit(webhooks.bell.ring)
        return _accepted(await verbs.try_out(uow, endpoint_id, caller.user))

    return await idempotently(
        request, caller, operation="test_webhook_endpoint", body=None, work=work
    )


@router.get(
    f"{_ADDRESS}/deliveries",
    access="owner",
    operation_id="list_webhook_deliveries",
    summary="What was sent to a webhook endpoint, and is yet to be",
    description="Newest first, each with every attempt at it. Kept for 30 days by default.",
    response_model=Page[DeliveryAnswer],
    refusals=(WebhookEndpointNotFound, CursorInvalid),
)
async def list_webhook_deliveries(  # noqa: PLR0913 (one parameter for each of the query's)
    *,
    endpoint_id: UUID,
    caller: Caller,
    store: Store,
    settings: Configured,
    status: StatusFilter = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[DeliveryAnswer]:
    """Show a page of them."""
    cursors = Cursors(
        settings.cursor_secret,
        list_name="list_webhook_deliveries",
        subject=caller.subject,
        filters={"endpoint_id": endpoint_id, "status": status},
    )
    after = cursors.decode(cursor)
    async with store.read() as connection:
        if await Endpoints(connection).get(endpoint_id, caller.user) is None:
            raise WebhookEndpointNotFound
        found = await Deliveries(connection).page(endpoint_id, status, after, limit + 1)
    items = [DeliveryAnswer.of(delivery) for delivery in found[:limit]]
    if len(found) <= limit:
        return Page[DeliveryAnswer](items=items)
    last = items[-1]
    return Page[DeliveryAnswer](items=items, next_cursor=cursors.encode(last.created_at, last.id))


@router.post(
    f"{_ADDRESS}/deliveries/{{delivery_id}}/replay",
    access="owner",
    operation_id="replay_webhook_delivery",
    summary="Send one delivery again",
    description="With the same `webhook-id` and body; its schedule of attempts begins anew.",
    status_code=ACCEPTED,
    response_model=DeliveryAnswer,
    is_idempotent=True,
    refusals=(WebhookEndpointNotFound, WebhookDeliveryNotFound, WebhookEndpointOff),
)
async def replay_webhook_delivery(
    request: Request, endpoint_id: UUID, delivery_id: UUID, caller: Caller, webhooks: Webhooks
) -> Answer:
    """Make it due at once."""

    async def work(uow: UnitOfWork) -> Answer:
        uow.after_commit(webhooks.bell.ring)
        return _accepted(await verbs.replay(uow, endpoint_id, caller.user, delivery_id))

    return await idempotently(
        request, caller, operation="replay_webhook_delivery", body=None, work=work
    )


@router.post(
    f"{_ADDRESS}/replay",
    access="owner",
    operation_id="replay_webhook_span",
    summary="Send all deliveries of a span of time again",
    description="Whatever became of them, but for those that still wait to be sent. At most"
    " 10,000 at once.",
    status_code=ACCEPTED,
    response_model=ReplayAnswer,
    is_idempotent=True,
    refusals=(WebhookEndpointNotFound, WebhookEndpointOff, WebhookSpanTooLarge),
)
async def replay_webhook_span(
    request: Request, endpoint_id: UUID, caller: Caller, body: SpanRequest, webhooks: Webhooks
) -> Answer:
    """Make them due at once, the oldest first."""

    async def work(uow: UnitOfWork) -> Answer:
        uow.after_commit(webhooks.bell.ring)
        count = await verbs.replay_span(uow, endpoint_id, caller.user, body.times)
        return Answer(ACCEPTED, ReplayAnswer(replayed=count))

    return await idempotently(
        request, caller, operation="replay_webhook_span", body=body, work=work
    )


def _accepted(delivery: Delivery) -> Answer:
    return Answer(ACCEPTED, DeliveryAnswer.of(delivery))


def _once_with_secret(make: Make, given: list[Answer], status: int) -> Work:
    """Return work whose stored answer has no secret, and leave the one to give in ``given``."""

    async def work(uow: UnitOfWork) -> Answer:
        endpoint, secret = await make(uow)
        shown = EndpointWithSecret.of(endpoint)
        given.append(Answer(status, shown.revealing(secret)))
        return Answer(status, shown)

    return work


async def _check(check: Callable[[str], Awaitable[None]], url: str) -> None:
    try:
        await check(url)
    except UrlFaultError as error:
        raise WebhookUrlRefused(error.fault) from None
