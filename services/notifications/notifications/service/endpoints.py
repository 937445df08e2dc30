"""Creates, changes, tests and replays webhook endpoints for their owners.

The API checks URLs before, outside the unit of work.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from notifications.domain.deliveries import NewDelivery, WebhookDelivery
from notifications.domain.endpoints import (
    MOST_ENDPOINTS,
    MOST_REPLAYED,
    MOST_WAITING,
    Endpoint,
    NewEndpoint,
    OffReason,
)
from notifications.refusals import (
    TooManyWaitingDeliveries,
    TooManyWebhookEndpoints,
    WebhookDeliveryNotFound,
    WebhookEndpointNotFound,
    WebhookEndpointOff,
    WebhookSpanTooLarge,
)
from notifications.repository import Deliveries, DeliveryLog, Endpoints
from notifications.webhooks.payloads import trial_message
from notifications.webhooks.vault import SecretVault


async def create(
    uow: UnitOfWork, vault: SecretVault, user_id: UUID, wanted: NewEndpoint
) -> tuple[Endpoint, bytes]:
    """Create an endpoint; return it with its secret, which is never shown again.

    Raises:
        TooManyWebhookEndpoints: the user already has as many as are allowed.
    """
    endpoints = Endpoints(uow)
    if await endpoints.count(user_id) >= MOST_ENDPOINTS:
        raise TooManyWebhookEndpoints(most=MOST_ENDPOINTS)
    new = Endpoint(
        id=new_id(),
        user_id=user_id,
        url=wanted.url,
        description=wanted.description,
        event_types=wanted.event_types,
        is_active=True,
        off_reason=None,
        off_at=None,
        old_secret_until=None,
        created_at=uow.clock.now(),
    )
    secret, stored = vault.new(new.id)
    return await endpoints.add(new, stored), secret


async def change(
    uow: UnitOfWork, endpoint_id: UUID, user_id: UUID, changes: Mapping[str, Any]
) -> Endpoint:
    """Change the named fields of an endpoint.

    Switching it on resets its failures; switching it off skips its waiting deliveries.

    Raises:
        WebhookEndpointNotFound: it does not exist, or is somebody else's.
    """
    before = await _locked(uow, endpoint_id, user_id)
    after = replace(before, **changes)
    if after.is_active:
        after = replace(after, off_reason=None, off_at=None)
    elif before.is_active:
        after = replace(after, off_reason=OffReason.OWNER, off_at=uow.clock.now())
    is_new_start = after.is_active and (not before.is_active or after.url != before.url)
    saved = await Endpoints(uow).change(after, starts_afresh=is_new_start)
    if before.is_active and not after.is_active:
        await Deliveries(uow).skip_waiting(uow.clock.now(), [endpoint_id])
    return saved


async def delete(uow: UnitOfWork, endpoint_id: UUID, user_id: UUID) -> None:
    """Delete an endpoint and its secrets; raises WebhookEndpointNotFound."""
    await _locked(uow, endpoint_id, user_id)
    await Endpoints(uow).delete(endpoint_id, uow.clock.now())
    await Deliveries(uow).skip_waiting(uow.clock.now(), [endpoint_id])


async def rotate(
    uow: UnitOfWork, vault: SecretVault, endpoint_id: UUID, user_id: UUID, overlap: timedelta
) -> tuple[Endpoint, bytes]:
    """Give an endpoint a new secret; the old one signs, too, until the overlap ends.

    Raises:
        WebhookEndpointNotFound: it does not exist, or is somebody else's.
    """
    await _locked(uow, endpoint_id, user_id)
    secret, stored = vault.new(endpoint_id)
    now = uow.clock.now()
    return await Endpoints(uow).rotate(endpoint_id, stored, now + overlap, now), secret


async def try_out(uow: UnitOfWork, endpoint_id: UUID, user_id: UUID) -> WebhookDelivery:
    """Send a test event to an endpoint, whatever types it has chosen.

    Raises:
        WebhookEndpointNotFound: it does not exist, or is somebody else's.
        WebhookEndpointOff: it is off.
        TooManyWaitingDeliveries: as many deliveries as are allowed wait for it.
    """
    await _ready(uow, endpoint_id, user_id)
    now = uow.clock.now()
    message = trial_message(user_id, endpoint_id, now)
    delivery = NewDelivery(new_id(), endpoint_id, message.id, is_active=True)
    await Deliveries(uow).add([message], [delivery], now)
    return await _delivery(uow, delivery.id, endpoint_id)


async def replay(
    uow: UnitOfWork, endpoint_id: UUID, user_id: UUID, delivery_id: UUID
) -> WebhookDelivery:
    """Send a delivery again, with the same webhook-id and a new schedule.

    Raises:
        WebhookEndpointNotFound, WebhookDeliveryNotFound: it does not exist, or is somebody else's.
        WebhookEndpointOff: the endpoint is off.
        TooManyWaitingDeliveries: as many deliveries as are allowed wait for it.
    """
    await _ready(uow, endpoint_id, user_id)
    if not await Deliveries(uow).replay(delivery_id, endpoint_id, uow.clock.now()):
        raise WebhookDeliveryNotFound
    return await _delivery(uow, delivery_id, endpoint_id)


async def replay_span(
    uow: UnitOfWork, endpoint_id: UUID, user_id: UUID, span: tuple[datetime, datetime]
) -> int:
    """Send a span's deliveries again, except waiting ones; return how many.

    Raises:
        WebhookEndpointNotFound: it does not exist, or is somebody else's.
        WebhookEndpointOff: it is off.
        WebhookSpanTooLarge: there are more than can be replayed at once; none is.
        TooManyWaitingDeliveries: more than allowed would wait for it; none is replayed.
    """
    await _ready(uow, endpoint_id, user_id)
    count = await Deliveries(uow).replay_span(endpoint_id, span, uow.clock.now(), MOST_REPLAYED + 1)
    if count > MOST_REPLAYED:
        raise WebhookSpanTooLarge(most=MOST_REPLAYED)
    if await Deliveries(uow).count_waiting(endpoint_id, MOST_WAITING + 1) > MOST_WAITING:
        raise TooManyWaitingDeliveries(most=MOST_WAITING)
    return count


async def _locked(uow: UnitOfWork, endpoint_id: UUID, user_id: UUID) -> Endpoint:
    found = await Endpoints(uow).lock(endpoint_id, user_id)
    if found is None:
        raise WebhookEndpointNotFound
    return found


async def _ready(uow: UnitOfWork, endpoint_id: UUID, user_id: UUID) -> None:
    if not (await _locked(uow, endpoint_id, user_id)).is_active:
        raise WebhookEndpointOff
    if await Deliveries(uow).count_waiting(endpoint_id, MOST_WAITING) >= MOST_WAITING:
        raise TooManyWaitingDeliveries(most=MOST_WAITING)


async def _delivery(uow: UnitOfWork, delivery_id: UUID, endpoint_id: UUID) -> WebhookDelivery:
    found = await DeliveryLog(uow).get(delivery_id)
    if found is None or found.endpoint_id != endpoint_id:
        raise WebhookDeliveryNotFound
    return found
