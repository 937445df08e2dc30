"""Seals the rows of the audit log, a little after they are written.

Not as they are written: each login would then wait for the one before it.
"""

import math
import time
from typing import Final

import structlog

from auth.repository import Seals
from auth.service.seals import seal
from kit.db import Database
from kit.db.tail import Frontier
from kit.tasks import for_ever

SEAL_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class Sealer:
    """Seals what can no longer be preceded by a late commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # However long a transaction takes: a row that was passed over could never be sealed.
        self._frontier = Frontier(longest_seconds=math.inf)

    async def seal(self) -> bool:
        """Seal what is final; return whether there is more to do at once."""
        async with self._database.read() as connection:
            reading = await Seals(connection).reading()
        now = time.monotonic()
        self._frontier.passed(reading.written_to, reading.next_xid - 1, now)
        self._frontier.advance(reading.oldest_xid, now)
        final = self._frontier.after
        if final <= reading.sealed_to:
            return False
        async with self._database.unit_of_work() as uow:
            last = await seal(uow, final)
        # Kept with the log lines, it shows later that the end of the table was not cut off.
        log.info("audit_sealed", position=last.position, hash=last.hash.hex())
        return last.position < final

    async def run(self) -> None:
        """Seal again and again, until cancelled."""
        await for_ever("auth.seals", self.seal, every_seconds=SEAL_SECONDS)
