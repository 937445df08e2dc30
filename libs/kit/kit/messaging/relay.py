"""The relay: carries committed outbox rows to the broker, in order, at least once.

One relay of a service works at a time (an advisory lock), on a connection of its own. Duplicates
after a crash are the inbox's work.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog
from asyncpg.exceptions import InterfaceError, PostgresError

from kit.db.database import Database
from kit.messaging.broker import Broker, PublicationRefusedError
from kit.messaging.drain import Drain
from kit.messaging.outbox import Unsent
from kit.messaging.undeliverable import Undeliverable
from kit.tasks import for_ever

FIRST_POLL_SECONDS = 0.025
LAST_POLL_SECONDS = 1.0
OWNERSHIP_POLL_SECONDS = 1.0
CONNECT_TIMEOUT_SECONDS = 5.0
COMMAND_TIMEOUT_SECONDS = 10.0
CHANNEL = "outbox"
# A lost DELETE only means a message sent twice, so the relay need not wait for the disk. A relay
# asks something every second; the session of one that died unnoticed must not keep the lock.
# Planned anew each time, the rows to leave out are looked up in a hash table; in a plan made for
# any array they are searched one by one, a thousand for each of a thousand rows.
SESSION = {
    "synchronous_commit": "off",
    "idle_session_timeout": "30s",
    "plan_cache_mode": "force_custom_plan",
}

_TAKE_LOCK = "SELECT pg_try_advisory_lock(hashtext(current_schema() || '.relay'))"
_RING = f"SELECT pg_notify(current_schema() || '_{CHANNEL}', '')"

log = structlog.get_logger(__name__)


class Relay:
    """Drains one service's outbox for as long as ``run`` runs."""

    def __init__(
        self,
        database: Database,
        broker: Broker,
        url: str,
        *,
        polls: tuple[float, float] = (FIRST_POLL_SECONDS, LAST_POLL_SECONDS),
    ) -> None:
        """Take what to relay.

        Args:
            database: The service's database.
            broker: Where to.
            url: Of the database, for the relay's own connection.
            polls: Shortest and longest pause in seconds, where no bell rings.
        """
        self._database = database
        self._broker = broker
        self._url = url
        self._first_poll, self._last_poll = polls
        self._undeliverable = Undeliverable()

    async def run(self) -> None:
        """Relay until cancelled, coming back after any trouble."""
        await for_ever(f"{self._database.name}.relay", self._once, or_when=self._broker.returned)

    async def _once(self) -> None:
        async with self._ownership() as connection:
            drain = Drain(Unsent(connection), self._undeliverable, service=self._database.name)
            while True:
                publisher = await self._broker.publisher()
                try:
                    drain.start(publisher)
                    await self._drain(drain)
                except PublicationRefusedError as error:
                    # One message is at fault, not the broker: go on with the rest at once.
                    log.warning("publication_refused", error=str(error))
                finally:
                    await publisher.close()

    async def _drain(self, drain: Drain) -> None:
        """Drain until trouble; when nothing is left wait for the bell, or for the next poll."""
        poll = self._first_poll
        while True:
            if await drain.step():
                poll = self._first_poll
                continue
            rung = await self._database.doorbell.wait(poll)
            poll = self._first_poll if rung else min(poll * 2, self._last_poll)

    @asynccontextmanager
    async def _ownership(self) -> AsyncIterator[asyncpg.Connection]:
        """Hold the relay's lock; the session that holds it also reads, deletes and listens."""
        async with _connected(self._url) as connection:
            while not await connection.fetchval(_TAKE_LOCK):
                # Another process relays: what is committed here must wake it.
                await _pass_on(self._database, connection, OWNERSHIP_POLL_SECONDS)
            # One that PostgreSQL ends is noticed at once, not with the next poll.
            connection.add_termination_listener(self._on_notify)
            schema = await connection.fetchval("SELECT current_schema()")
            await connection.add_listener(f"{schema}_{CHANNEL}", self._on_notify)
            yield connection

    def _on_notify(self, *_: Any) -> None:
        self._database.doorbell.ring()


class Ringer:
    """Wakes a relay in another process: one coalesced NOTIFY, outside business transactions.

    NOTIFY inside one would take a cluster-wide lock through the WAL flush at COMMIT.
    """

    def __init__(self, database: Database, url: str) -> None:
        """Take the database whose doorbell to pass on, and the URL for a connection of its own."""
        self._database = database
        self._url = url

    async def run(self) -> None:
        """Pass rings on until cancelled."""
        await for_ever(f"{self._database.name}.ringer", self._once)

    async def _once(self) -> None:
        async with _connected(self._url) as connection:
            while True:
                await _pass_on(self._database, connection, LAST_POLL_SECONDS)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        server_settings=SESSION,
    )
    try:
        yield connection
    finally:
        with suppress(OSError, TimeoutError, PostgresError, InterfaceError):
            await connection.close(timeout=2)


async def _pass_on(database: Database, connection: asyncpg.Connection, seconds: float) -> None:
    """Wait for the bell; pass a ring on. A silent connection is asked for a sign of life."""
    rung = await database.doorbell.wait(seconds)
    try:
        await connection.execute(_RING if rung else "SELECT 1")
    except BaseException:
        if rung:  # nobody has heard it yet
            database.doorbell.ring()
        raise
