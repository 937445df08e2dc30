"""Decides whose webhooks a caller may see: their own, or as admin everybody's.

The operations audit an administrator's look at somebody else's (`kit.web.audit`).
"""

from uuid import UUID

from kit.db import Connection
from kit.refusals import NotFound
from kit.web.identity import Identity
from notifications.domain.deliveries import WebhookDelivery
from notifications.domain.endpoints import Endpoint
from notifications.refusals import WebhookDeliveryNotFound, WebhookEndpointNotFound
from notifications.repository import DeliveryLog, Endpoints


def owner_asked_for(caller: Identity, owner_id: UUID | None) -> UUID | None:
    """Return the owner whose webhooks are listed; None for everybody.

    Raises:
        NotFound: a user asks for somebody else's, as if they did not exist.
    """
    if caller.is_admin:
        return owner_id
    if owner_id not in (None, caller.user):
        raise NotFound
    return caller.user


async def visible_endpoint(connection: Connection, caller: Identity, endpoint_id: UUID) -> Endpoint:
    """Return an endpoint that the caller may see; raises WebhookEndpointNotFound."""
    owner_id = None if caller.is_admin else caller.user
    found = await Endpoints(connection).get(endpoint_id, owner_id)
    if found is None:
        raise WebhookEndpointNotFound
    return found


async def visible_delivery(
    connection: Connection, caller: Identity, delivery_id: UUID
) -> WebhookDelivery:
    """Return a delivery that the caller may see; raises WebhookDeliveryNotFound."""
    found = await DeliveryLog(connection).get(delivery_id)
    if found is None or not (caller.is_admin or found.owner_id == caller.user):
        raise WebhookDeliveryNotFound
    return found
