"""Creates, changes and deletes webhook endpoints for their owners.

The API checks URLs before, outside the unit of work.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from notifications.domain.endpoints import (
    MOST_ENDPOINTS,
    Endpoint,
    NewEndpoint,
    OffReason,
)
from notifications.refusals import (
    TooManyWebhookEndpoints,
    WebhookEndpointNotFound,
)
from notifications.repository import Deliveries, Endpoints
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


async def _locked(uow: UnitOfWork, endpoint_id: UUID, user_id: UUID) -> Endpoint:
    found = await Endpoints(uow).lock(endpoint_id, user_id)
    if found is None:
        raise WebhookEndpointNotFound
    return found
