"""Lets requests wait for payments to become final, holding no database connection meanwhile.

Finishing in this process wakes them after COMMIT; a slow poll finds what another process finished.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from kit.db import Database
from kit.tasks import for_ever
from payments.domain.payment import Payment
from payments.repository import Payments

POLL_SECONDS: Final = 0.5


class Finishes:
    """Who waits for which payment, in this process."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, set[asyncio.Future[Payment]]] = {}

    @contextmanager
    def expect(self, payment_id: UUID) -> Iterator[asyncio.Future[Payment]]:
        """Give a future that gets the payment once it is final; open it before asking for that."""
        future: asyncio.Future[Payment] = asyncio.get_running_loop().create_future()
        futures = self._waiting.setdefault(payment_id, set())
        futures.add(future)
        try:
            yield future
        finally:
            futures.discard(future)
            if not futures:
                self._waiting.pop(payment_id, None)

    def tell(self, finished: Iterable[Payment]) -> None:
        """Wake all who wait for these payments."""
        for payment in finished:
            for future in self._waiting.get(payment.id, ()):
                if not future.done():
                    future.set_result(payment)

    async def poll(self, database: Database) -> None:
        """Look for what was finished elsewhere, by one statement for all, until cancelled."""
        await for_ever("payments.finishes", lambda: self._poll(database))

    async def _poll(self, database: Database) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.look(database)

    async def look(self, database: Database) -> None:
        """Look once."""
        if self._waiting:
            async with database.read() as connection:
                self.tell(await Payments(connection).final_among(self._waiting))
