"""Stores webhook messages for the people concerned, and their deliveries."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from kit.db import UnitOfWork
from kit.ids import new_id
from kit.messaging.messages import Envelope
from notifications.domain.deliveries import NewDelivery, WebhookMessage
from notifications.domain.endpoints import MOST_WAITING, EndpointSubscription
from notifications.repository import Deliveries, Endpoints
from notifications.webhooks.payloads import concerned, messages_of


async def announce(uow: UnitOfWork, envelopes: Sequence[Envelope]) -> int:
    """Store the webhooks of a batch of events; return how many deliveries there are.

    It takes one statement to find the endpoints, and one to store everything.
    """
    people = {user_id for envelope in envelopes for user_id in concerned(envelope)}
    subscriptions: dict[UUID, list[EndpointSubscription]] = defaultdict(list)
    for subscription in await Endpoints(uow).subscriptions(people, MOST_WAITING):
        subscriptions[subscription.user_id].append(subscription)
    if not subscriptions:
        return 0
    messages = [
        message for envelope in envelopes for message in messages_of(envelope, subscriptions.keys())
    ]
    deliveries = [
        _delivery(message, subscription)
        for message in messages
        for subscription in subscriptions[message.user_id]
        if subscription.wants(message.type)
    ]
    if deliveries:
        wanted = {delivery.message_id for delivery in deliveries}
        chosen = [message for message in messages if message.id in wanted]
        await Deliveries(uow).add(chosen, deliveries, uow.clock.now())
    return len(deliveries)


def _delivery(message: WebhookMessage, subscription: EndpointSubscription) -> NewDelivery:
    is_sent = subscription.is_active and not subscription.is_full
    return NewDelivery(new_id(), subscription.endpoint_id, message.id, is_sent)
