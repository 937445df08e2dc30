"""Serves webhook endpoints; only their owners may change them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request

from kit.db import UnitOfWork
from kit.refusals import CursorInvalid, NotFound
from kit.web.answers import Answer
from kit.web.audit import Auditing
from kit.web.idempotency import idempotently, is_answered
from kit.web.identity import Caller
from kit.web.pagination import page_of
from kit.web.routes import Router
from kit.web.schemas import Page
from notifications.api.ownership import owner_asked_for, visible_endpoint
from notifications.domain.endpoints import Endpoint
from notifications.domain.webhook_urls import UrlFaultError
from notifications.refusals import (
    TooManyWebhookEndpoints,
    WebhookEndpointNotFound,
    WebhookUrlRefused,
)
from notifications.repository import Endpoints
from notifications.schemas.endpoints import (
    EndpointAnswer,
    EndpointChanges,
    EndpointRequest,
    EndpointWithSecret,
    RotateRequest,
)
from notifications.schemas.queries import EndpointsQuery
from notifications.service import endpoints as verbs
from notifications.service import listeners
from notifications.wiring import Wired

OK, CREATED = 200, 201
_CREATE: Final = "create_webhook_endpoint"
_ADDRESS = "/v1/webhook-endpoints/{endpoint_id}"

router = Router(tags=["webhooks"], scope="webhooks")


@router.get(
    "/v1/webhook-endpoints",
    access="user",
    operation_id="list_webhook_endpoints",
    summary="List one's own webhook endpoints, newest first; an administrator sees everybody's",
    description="Secrets are never shown again.",
    response_model=Page[EndpointAnswer],
    refusals=(CursorInvalid, NotFound),
)
async def list_webhook_endpoints(
    caller: Caller,
    wired: Wired,
    query: Annotated[EndpointsQuery, Query()],
    audit: Auditing,
) -> Page[EndpointAnswer]:
    """List endpoints."""
    cursors = query.cursors(
        wired.settings.cursor_secret, list_name="list_webhook_endpoints", subject=caller.subject
    )
    after = cursors.decode(query.cursor)
    owner_id = owner_asked_for(caller, query.owner_id)
    async with wired.database.read() as connection:
        found = await Endpoints(connection).page(owner_id, after, query.limit + 1, query.span)
    await audit.listed("webhook_endpoint", None if owner_id is None else [owner_id])
    return page_of(
        Page[EndpointAnswer], found, EndpointAnswer.of, limit=query.limit, cursors=cursors
    )


@router.get(
    _ADDRESS,
    access="owner",
    operation_id="get_webhook_endpoint",
    summary="Get a webhook endpoint",
    description="For its owner and administrators. Its secret is never shown again.",
    refusals=(WebhookEndpointNotFound,),
)
async def get_webhook_endpoint(
    endpoint_id: UUID, caller: Caller, wired: Wired, audit: Auditing
) -> EndpointAnswer:
    """Show an endpoint."""
    async with wired.database.read() as connection:
        found = await visible_endpoint(connection, caller, endpoint_id)
    await audit.read("webhook_endpoint", found.id, found.user_id)
    return EndpointAnswer.of(found)


@router.post(
    "/v1/webhook-endpoints",
    access="user",
    operation_id=_CREATE,
    summary="Create a webhook endpoint",
    description="It gets events from now on, signed as Standard Webhooks says. The secret is shown"
    " in this answer and never again.",
    status_code=CREATED,
    response_model=EndpointWithSecret,
    is_idempotent=True,
    refusals=(WebhookUrlRefused, TooManyWebhookEndpoints),
)
async def create_webhook_endpoint(
    request: Request, caller: Caller, body: EndpointRequest, wired: Wired
) -> Answer:
    """Check the URL, with a look-up of its host outside units of work, then create."""
    await _check(wired.guard.check, body.url)
    if not await is_answered(request, caller, operation=_CREATE):
        await listeners.ask(wired.payments, caller.user, body.event_types)

    async def work(uow: UnitOfWork) -> Answer:
        made = await verbs.create(uow, wired.vault, caller.user, body.new_endpoint)
        return _revealed(CREATED, *made)

    return await idempotently(request, caller, operation=_CREATE, body=body, work=work)


@router.patch(
    _ADDRESS,
    access="owner",
    operation_id="change_webhook_endpoint",
    summary="Change a webhook endpoint, switch it on or off",
    description="While it is off, waiting and new deliveries are skipped; a replay sends them."
    " Switched on, it starts like a new one.",
    response_model=EndpointAnswer,
    refusals=(WebhookEndpointNotFound, WebhookUrlRefused),
)
async def change_webhook_endpoint(
    endpoint_id: UUID, caller: Caller, body: EndpointChanges, wired: Wired
) -> EndpointAnswer:
    """Change the named fields."""
    if body.url is not None or "event_types" in body.changes:
        # Ownership is checked first: nobody can look up names through somebody else's endpoint.
        async with wired.database.read() as connection:
            if await Endpoints(connection).get(endpoint_id, caller.user) is None:
                raise WebhookEndpointNotFound
    if body.url is not None:
        await _check(wired.guard.check, body.url)
    if "event_types" in body.changes:
        await listeners.ask(wired.payments, caller.user, body.changes["event_types"])
    async with wired.database.unit_of_work() as uow:
        changed = await verbs.change(uow, endpoint_id, caller.user, body.changes)
    return EndpointAnswer.of(changed)


@router.delete(
    _ADDRESS,
    access="owner",
    operation_id="delete_webhook_endpoint",
    summary="Delete a webhook endpoint",
    refusals=(WebhookEndpointNotFound,),
)
async def delete_webhook_endpoint(endpoint_id: UUID, caller: Caller, wired: Wired) -> None:
    """Delete an endpoint; nothing more is sent to it."""
    async with wired.database.unit_of_work() as uow:
        await verbs.delete(uow, endpoint_id, caller.user)


@router.post(
    f"{_ADDRESS}/rotate-secret",
    access="owner",
    operation_id="rotate_webhook_secret",
    summary="Replace the secret of a webhook endpoint",
    description="During the overlap (24 hours by default) the old secret signs, too, so that no"
    " event is lost. The new one is shown in this answer and never again.",
    response_model=EndpointWithSecret,
    is_idempotent=True,
    refusals=(WebhookEndpointNotFound,),
)
async def rotate_webhook_secret(
    request: Request,
    endpoint_id: UUID,
    caller: Caller,
    wired: Wired,
    body: RotateRequest | None = None,
) -> Answer:
    """Make a new secret."""
    overlap = timedelta(hours=(body or RotateRequest()).overlap_hours)

    async def work(uow: UnitOfWork) -> Answer:
        made = await verbs.rotate(uow, wired.vault, endpoint_id, caller.user, overlap)
        return _revealed(OK, *made)

    return await idempotently(
        request, caller, operation="rotate_webhook_secret", body=body, work=work
    )


def _revealed(status: int, endpoint: Endpoint, secret: bytes) -> Answer:
    """Return an answer that shows the secret; the stored copy has none."""
    shown = EndpointWithSecret.of(endpoint)
    return Answer(status, shown.revealing(secret), stored=shown)


async def _check(check: Callable[[str], Awaitable[None]], url: str) -> None:
    try:
        await check(url)
    except UrlFaultError as error:
        raise WebhookUrlRefused(error.fault) from None
