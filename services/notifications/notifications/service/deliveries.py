"""Stores deliveries of messages to webhook endpoints: for events, as tests, again.

A message is made once for each person, and delivered to each of their endpoints.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope
from notifications.domain.deliveries import NewDelivery, WebhookDelivery, WebhookMessage
from notifications.domain.endpoints import MOST_REPLAYED, MOST_WAITING, EndpointSubscription
from notifications.refusals import (
    TooManyWaitingDeliveries,
    WebhookDeliveryNotFound,
    WebhookEndpointNotFound,
    WebhookEndpointOff,
    WebhookSpanTooLarge,
)
from notifications.repository import Deliveries, DeliveryLog, Endpoints
from notifications.webhooks.payloads import messages_of, recipients, trial_message


async def announce(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> int:
    """Store the webhooks of a batch of events; return how many deliveries there are.

    It takes one statement to find the endpoints, and one to store everything; none where the events
    are for no webhooks.
    """
    people = {user_id for envelope in envelopes for user_id in recipients(envelope)}
    if not people:
        return 0
    subscriptions: dict[UUID, list[EndpointSubscription]] = defaultdict(list)
    for subscription in await Endpoints(uow).subscriptions(people, MOST_WAITING):
        subscriptions[subscription.user_id].append(subscription)
    if not subscriptions:
        return 0
    messages = [
        message for envelope in envelopes for message in messages_of(envelope, subscriptions.keys())
    ]
    deliveries = [
        _new_delivery(message, subscription)
        for message in messages
        for subscription in subscriptions[message.user_id]
        if subscription.wants(message.type)
    ]
    if deliveries:
        wanted = {delivery.message_id for delivery in deliveries}
        chosen = [message for message in messages if message.id in wanted]
        await Deliveries(uow).add(chosen, deliveries, uow.clock.now())
    return len(deliveries)


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


def _new_delivery(message: WebhookMessage, subscription: EndpointSubscription) -> NewDelivery:
    is_sent = subscription.is_active and not subscription.is_full
    return NewDelivery(new_id(), subscription.endpoint_id, message.id, is_sent)


async def _ready(uow: UnitOfWork, endpoint_id: UUID, user_id: UUID) -> None:
    endpoint = await Endpoints(uow).lock(endpoint_id, user_id)
    if endpoint is None:
        raise WebhookEndpointNotFound
    if not endpoint.is_active:
        raise WebhookEndpointOff
    if await Deliveries(uow).count_waiting(endpoint_id, MOST_WAITING) >= MOST_WAITING:
        raise TooManyWaitingDeliveries(most=MOST_WAITING)


async def _delivery(uow: UnitOfWork, delivery_id: UUID, endpoint_id: UUID) -> WebhookDelivery:
    found = await DeliveryLog(uow).get(delivery_id)
    if found is None or found.endpoint_id != endpoint_id:
        raise WebhookDeliveryNotFound
    return found
