"""Names those to payments whose webhooks want new payments."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.tasks import for_ever
from notifications.clients.payments import ListenersClient
from notifications.domain.endpoints import EventType
from notifications.repository import Endpoints

EVERY_SECONDS: Final = 60.0  # for how long payments may miss whom a backup of it did not hold
AT_ONCE: Final = 1000
_FIRST: Final = UUID(int=0)


async def ask(payments: ListenersClient, user_id: UUID, event_types: Sequence[str] | None) -> None:
    """Ask for a user's new payments, where an endpoint's event types hold them.

    Done before the endpoint is stored, so that it misses none of what begins after its answer.
    None stands for all types.

    Raises:
        Unavailable: payments does not answer.
    """
    if event_types is None or EventType.PAYMENT_CREATED in event_types:
        await payments.add_listeners([user_id])


async def run(database: Database, payments: ListenersClient) -> None:
    """Name all listeners as the process starts, and now and then, until cancelled."""

    async def once() -> None:
        await ask_for_all(database, payments)

    await for_ever("webhooks.listeners", once, every_seconds=EVERY_SECONDS)


async def ask_for_all(database: Database, payments: ListenersClient) -> None:
    """Name all listeners; from then on payments tells of theirs alone."""
    after = _FIRST
    while True:
        async with database.read() as connection:
            found = await Endpoints(connection).listeners(EventType.PAYMENT_CREATED, after, AT_ONCE)
        is_last = len(found) < AT_ONCE
        await payments.add_listeners(found, are_all=is_last)
        if is_last:
            return
        after = found[-1]
