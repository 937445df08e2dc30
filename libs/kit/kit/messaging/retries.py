"""Retries a queue's parked letters until they are dead, in the order of each key."""

from uuid import UUID

import structlog

from kit.db.database import Database
from kit.db.due import LONGEST_SECONDS, DueWatch
from kit.db.outages import is_outage
from kit.messaging import dead_letters
from kit.messaging.cloudevents import UndecodableError
from kit.messaging.consumer import buried
from kit.messaging.dead_letters import DeadLetter, next_at
from kit.messaging.decoder import Decoder
from kit.messaging.routes import caused_by
from kit.tasks import for_ever

POLL_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Retries:
    """Retries one queue's letters for as long as ``run`` runs."""

    def __init__(
        self,
        database: Database,
        reader: Decoder,
        *,
        polls: tuple[float, float] = (POLL_SECONDS, LONGEST_SECONDS),
    ) -> None:
        """Take the queue's decoder, which knows its handlers.

        `polls` are as `DueWatch` takes them.
        """
        self._database = database
        self._reader = reader
        self._due = DueWatch(
            database, lambda connection: next_at(connection, reader.queue), polls=polls
        )

    async def run(self) -> None:
        """Retry until cancelled, and come back after any trouble."""
        await for_ever(f"{self._reader.queue}.retries", self._run)

    async def _run(self) -> None:
        while True:
            if not await self.retry_due():
                await self._due.wait()

    async def retry_due(self) -> int:
        """Retry the letters that are due, the first of each key; return how many.

        Those that another worker has taken don't count: it may be long at them.
        """
        async with self._database.read() as connection:
            now = self._database.clock.now()
            found = await dead_letters.due(connection, self._reader.queue, now)
        taken = [await self._retry(letter_id) for letter_id in found]
        return sum(taken)

    async def _retry(self, letter_id: UUID) -> bool:
        """Retry a letter; tell whether it was there to be taken."""
        letter: DeadLetter | None = None
        try:
            async with self._database.unit_of_work() as uow:
                letter = await dead_letters.lock(uow, self._reader.queue, letter_id)
                if letter is None:
                    return False
                item = self._reader.item(letter.body)
                with caused_by(item.envelope):
                    await item.handler(uow, [item.envelope])
                await dead_letters.delivered(uow, letter)
        except Exception as error:
            if letter is None or await is_outage(self._database, error):
                raise
            await self._note_failure(letter, error)
        return True

    async def _note_failure(self, letter: DeadLetter, error: Exception) -> None:
        is_undecodable = isinstance(error, UndecodableError)
        async with self._database.unit_of_work() as uow:
            if is_undecodable:
                await dead_letters.undecodable(uow, letter, str(error))
            is_dead = is_undecodable or await dead_letters.failed(uow, letter, repr(error))
        if is_dead:
            reason = dead_letters.UNDECODABLE if is_undecodable else letter.reason
            buried.labels(letter.consumer, reason).inc()
        level = log.error if is_dead else log.warning
        level(
            "letter_dead" if is_dead else "retry_failed",
            queue=letter.consumer,
            id=str(letter.id),
            error=repr(error),
        )
