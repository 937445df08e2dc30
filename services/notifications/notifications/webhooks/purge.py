"""Purges old webhooks, and messages and notices beyond each person's limit.

It also skips what still waits for endpoints that are off.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.db.purge import purge_in_batches
from kit.tasks import for_ever
from notifications.domain.endpoints import MOST_DELETED, MOST_MESSAGES
from notifications.domain.notices import MOST_NOTICES
from notifications.repository import Deliveries, Notices

EVERY_SECONDS: Final = 600.0
BATCH: Final = 1_000


async def run(database: Database, kept: timedelta) -> None:
    """Purge again and again, until cancelled."""

    async def once() -> None:
        await purge_once(database, kept)

    await for_ever("webhooks.purge", once, every_seconds=EVERY_SECONDS)


async def purge_once(database: Database, kept: timedelta) -> int:
    """Purge old messages, and what is beyond each person's limit.

    It works in batches; returns how many messages were too old.
    """
    before = database.clock.now() - kept
    deleted = await purge_in_batches(
        database, lambda uow: Deliveries(uow).purge(before, BATCH), BATCH
    )
    async with database.read() as connection:
        too_many = await Deliveries(connection).users_with_more_than(MOST_MESSAGES)
    for user_id in too_many:
        await _purge_oldest(database, user_id)
    await purge_in_batches(
        database, lambda uow: Deliveries(uow).purge_of_deleted(MOST_DELETED, BATCH), BATCH
    )
    async with database.read() as connection:
        readers = await Notices(connection).users_with_more_than(MOST_NOTICES)
    for user_id in readers:
        async with database.unit_of_work() as uow:
            await Notices(uow).purge_oldest(user_id, MOST_NOTICES)
    async with database.unit_of_work() as uow:
        await Deliveries(uow).skip_waiting(uow.clock.now())
        await Deliveries(uow).purge_endpoints()
    return deleted


async def _purge_oldest(database: Database, user_id: UUID) -> None:
    await purge_in_batches(
        database, lambda uow: Deliveries(uow).purge_oldest(user_id, MOST_MESSAGES, BATCH), BATCH
    )
