"""Serves webhook deliveries: lists, shows, replays and tests them."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.refusals import CursorInvalid, NotFound
from kit.span import PeriodInvalid
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from notifications.api.ownership import owner_asked_for, visible_delivery, visible_endpoint
from notifications.domain.deliveries import WebhookDelivery
from notifications.refusals import (
    TooManyWaitingDeliveries,
    WebhookDeliveryNotFound,
    WebhookEndpointNotFound,
    WebhookEndpointOff,
    WebhookSpanTooLarge,
)
from notifications.repository import DeliveryLog
from notifications.schemas.deliveries import DeliveryAnswer, ReplayAnswer, SpanRequest
from notifications.schemas.queries import DeliveriesQuery, EndpointDeliveriesQuery
from notifications.service import deliveries as verbs
from notifications.wiring import Wired, Wiring

ACCEPTED = 202
_ADDRESS = "/v1/webhook-endpoints/{endpoint_id}"

router = Router(tags=["webhooks"], scope="webhooks")


@router.get(
    "/v1/webhook-deliveries",
    access="user",
    operation_id="list_deliveries",
    summary="List deliveries to one's own endpoints; an administrator sees everybody's",
    description="Newest first, with every attempt. Deliveries to deleted endpoints are included."
    " They are kept for 30 days by default.",
    response_model=Page[DeliveryAnswer],
    refusals=(CursorInvalid, NotFound),
)
async def list_deliveries(
    caller: Caller,
    wired: Wired,
    query: Annotated[DeliveriesQuery, Query()],
    audit: Auditing,
) -> Page[DeliveryAnswer]:
    """List deliveries."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_deliveries", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    owner_id = owner_asked_for(caller, query.owner_id)
    wanted = replace(query.wanted, owner_id=owner_id, endpoint_id=query.endpoint_id)
    async with wired.database.read() as connection:
        found = await DeliveryLog(connection).page(wanted, after, query.limit + 1)
    await audit.listed("webhook_delivery", None if owner_id is None else [owner_id])
    return page_of(
        Page[DeliveryAnswer], found, DeliveryAnswer.of, limit=query.limit, cursors=cursors
    )


@router.get(
    "/v1/webhook-deliveries/{delivery_id}",
    access="owner",
    operation_id="get_delivery",
    summary="Get a delivery with every attempt",
    description="For the endpoint's owner, and administrators.",
    refusals=(WebhookDeliveryNotFound,),
)
async def get_delivery(
    delivery_id: UUID, caller: Caller, wired: Wired, audit: Auditing
) -> DeliveryAnswer:
    """Show a delivery."""
    async with wired.database.read() as connection:
        found = await visible_delivery(connection, caller, delivery_id)
    await audit.read("webhook_delivery", found.id, found.owner_id)
    return DeliveryAnswer.of(found)


@router.get(
    f"{_ADDRESS}/deliveries",
    access="owner",
    operation_id="list_webhook_deliveries",
    summary="List a webhook endpoint's deliveries, sent or waiting",
    description="Newest first, with every attempt. For the owner and administrators. They are kept"
    " for 30 days by default.",
    response_model=Page[DeliveryAnswer],
    refusals=(WebhookEndpointNotFound, CursorInvalid),
)
async def list_webhook_deliveries(
    endpoint_id: UUID,
    caller: Caller,
    wired: Wired,
    query: Annotated[EndpointDeliveriesQuery, Query()],
    audit: Auditing,
) -> Page[DeliveryAnswer]:
    """List deliveries."""
    cursors = query.cursors(
        wired.settings.cursor_secret,
        list_name="list_webhook_deliveries",
        subject=caller.subject,
        endpoint_id=endpoint_id,
    )
    after = cursors.decode(query.cursor)
    async with wired.database.read() as connection:
        endpoint = await visible_endpoint(connection, caller, endpoint_id)
        wanted = replace(query.wanted, endpoint_id=endpoint_id)
        found = await DeliveryLog(connection).page(wanted, after, query.limit + 1)
    await audit.read("webhook_endpoint", endpoint.id, endpoint.user_id)
    return page_of(
        Page[DeliveryAnswer], found, DeliveryAnswer.of, limit=query.limit, cursors=cursors
    )


@router.post(
    f"{_ADDRESS}/test",
    access="owner",
    operation_id="test_webhook_endpoint",
    summary="Send a test event to a webhook endpoint",
    description="Sends `webhook.test`, whatever event types are chosen. The result is among the"
    " endpoint's deliveries.",
    status_code=ACCEPTED,
    response_model=DeliveryAnswer,
    is_idempotent=True,
    refusals=(WebhookEndpointNotFound, WebhookEndpointOff, TooManyWaitingDeliveries),
)
async def test_webhook_endpoint(
    request: Request, endpoint_id: UUID, caller: Caller, wired: Wired
) -> Answer:
    """Store a test event, to be sent at once."""

    async def work(uow: UnitOfWork) -> Answer:
        _wake(uow, wired)
        return _accepted(await verbs.try_out(uow, endpoint_id, caller.user))

    return await idempotently(
        request, caller, operation="test_webhook_endpoint", body=None, work=work
    )


@router.post(
    f"{_ADDRESS}/deliveries/{{delivery_id}}/replay",
    access="owner",
    operation_id="replay_webhook_delivery",
    summary="Send a delivery again",
    description="It has the same `webhook-id` and body, and a new schedule of attempts.",
    status_code=ACCEPTED,
    response_model=DeliveryAnswer,
    is_idempotent=True,
    refusals=(
        WebhookEndpointNotFound,
        WebhookDeliveryNotFound,
        WebhookEndpointOff,
        TooManyWaitingDeliveries,
    ),
)
async def replay_webhook_delivery(
    request: Request, endpoint_id: UUID, delivery_id: UUID, caller: Caller, wired: Wired
) -> Answer:
    """Make a delivery due now."""

    async def work(uow: UnitOfWork) -> Answer:
        _wake(uow, wired)
        return _accepted(await verbs.replay(uow, endpoint_id, caller.user, delivery_id))

    return await idempotently(
        request, caller, operation="replay_webhook_delivery", body=None, work=work
    )


@router.post(
    f"{_ADDRESS}/replay",
    access="owner",
    operation_id="replay_webhook_span",
    summary="Send all deliveries of a span of time again",
    description="All of them, whatever their result, except those still waiting. At most 10,000"
    " at once.",
    status_code=ACCEPTED,
    response_model=ReplayAnswer,
    is_idempotent=True,
    refusals=(
        WebhookEndpointNotFound,
        WebhookEndpointOff,
        TooManyWaitingDeliveries,
        WebhookSpanTooLarge,
        PeriodInvalid,
    ),
)
async def replay_webhook_span(
    request: Request, endpoint_id: UUID, caller: Caller, body: SpanRequest, wired: Wired
) -> Answer:
    """Make a span's deliveries due now, oldest first."""

    async def work(uow: UnitOfWork) -> Answer:
        _wake(uow, wired)
        count = await verbs.replay_span(uow, endpoint_id, caller.user, body.times)
        return Answer(ACCEPTED, ReplayAnswer(replayed=count))

    return await idempotently(
        request, caller, operation="replay_webhook_span", body=body, work=work
    )


def _wake(uow: UnitOfWork, wired: Wiring) -> None:
    """Have what is due sent once it is committed, by a worker of its own, too."""
    uow.after_commit(wired.webhook_wake_up.set)
    uow.after_commit(uow.wake_up.set)


def _accepted(delivery: WebhookDelivery) -> Answer:
    return Answer(ACCEPTED, DeliveryAnswer.of(delivery))
