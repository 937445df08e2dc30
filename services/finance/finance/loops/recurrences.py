"""Books what recurs on its day, in the zone of its book; missed days follow."""

from typing import Final
from uuid import UUID

from finance.domain.books import BookOwner
from finance.repository import Recurrences
from finance.service.transactions.recurrences import book_due
from kit.db import Database
from kit.db.outages import is_outage
from kit.logs import get_logger
from kit.tasks import for_ever

OWNERS: Final = 50  # that are looked for at once

log = get_logger(__name__)


async def sweep(database: Database, time_zone: str, every_seconds: float) -> None:
    """Book what is due, again and again, until cancelled."""

    async def once() -> bool:
        return await sweep_once(database, time_zone) > 0

    await for_ever("finance.recurring", once, every_seconds=every_seconds)


async def sweep_once(database: Database, time_zone: str) -> int:
    """Book what is due of all owners, each in a unit of work; return how much.

    Where that fails for some of them, the others' is booked all the same.
    """
    booked, last = 0, UUID(int=0)
    while True:
        async with database.read() as connection:
            due = await Recurrences(connection).owners_due(database.clock.now(), last, OWNERS)
        for last in due:
            booked += await _booked(database, BookOwner(last, time_zone))
        if len(due) < OWNERS:
            return booked


async def _booked(database: Database, owner: BookOwner) -> int:
    try:
        async with database.unit_of_work() as uow:
            return await book_due(uow, owner)
    except Exception as error:
        if await is_outage(database, error):
            raise
        log.exception("recurring_failed", user_id=str(owner.user_id))
        return 0
