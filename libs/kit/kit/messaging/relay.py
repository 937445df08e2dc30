"""Publishes committed outbox rows, in order and at least once (message relay).

One relay of a service works at a time (an advisory lock), on a connection of its own. The inbox,
or rows of the handler's own, take care of duplicates after a crash.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
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
# Commits wake it, those of other processes too; what a lost connection or an operator's command has
# committed is found by looking.
LAST_POLL_SECONDS = 5.0
# For so long what was confirmed may wait for the next commit, so that one statement deletes it and
# reads on. Nobody waits for that, and a commit ends it.
NEWS_SECONDS = 0.05
TROUBLED_POLL_SECONDS = 1.0  # while there are messages that no queue took
OWNERSHIP_POLL_SECONDS = 1.0
CONNECT_TIMEOUT_SECONDS = 5.0
COMMAND_TIMEOUT_SECONDS = 10.0
CHANNEL = "outbox"
# A lost DELETE only means a message sent twice, so the relay need not wait for the disk. A relay
# asks something every few seconds, so an idle session is that of a relay that died unnoticed, and
# must not keep the lock. Its statement is planned once, and along the key: the plan must be as good
# for a backlog as for the empty table that it was perhaps made on.
SESSION = {
    "synchronous_commit": "off",
    "idle_session_timeout": "30s",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
}

_TAKE_LOCK = "SELECT pg_try_advisory_lock(hashtext(current_schema() || '.relay'))"
_WAKE = f"SELECT pg_notify(current_schema() || '_{CHANNEL}', '')"

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
        """Take what to relay, and where to.

        Args:
            database: The service's database.
            broker: Where to publish.
            url: Of the database, for the relay's own connection.
            polls: Shortest and longest pause in seconds, where nothing wakes it.
        """
        self._database = database
        self._broker = broker
        self._url = url
        self._first_poll, self._last_poll = polls
        self._undeliverable = Undeliverable()

    async def run(self) -> None:
        """Relay until cancelled, and come back after any trouble."""
        await for_ever(f"{self._database.name}.relay", self._once, or_when=self._broker.returned)

    async def _once(self) -> None:
        async with self._ownership() as connection:
            drain = Drain(
                Unsent(connection),
                self._undeliverable,
                service=self._database.name,
                news=partial(self._database.wake_up.wait, NEWS_SECONDS),
            )
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
        """Drain until trouble; when nothing is left wait for a wake-up or the next poll."""
        poll = self._first_poll
        while True:
            if await drain.step():
                poll = self._first_poll
                continue
            if len(self._undeliverable):
                poll = min(poll, TROUBLED_POLL_SECONDS)
            is_woken = await self._database.wake_up.wait(poll)
            poll = self._first_poll if is_woken else min(poll * 2, self._last_poll)

    @asynccontextmanager
    async def _ownership(self) -> AsyncIterator[asyncpg.Connection]:
        """Hold the relay's lock by the session that also reads, deletes and listens."""
        async with connected(self._url) as connection:
            while not await connection.fetchval(_TAKE_LOCK):
                # Another process relays: a commit in this one must wake it.
                await _pass_on(self._database, connection, OWNERSHIP_POLL_SECONDS)
            # So a session that PostgreSQL ends is noticed at once, not with the next poll.
            connection.add_termination_listener(self._on_notify)
            schema = await connection.fetchval("SELECT current_schema()")
            await connection.add_listener(f"{schema}_{CHANNEL}", self._on_notify)
            yield connection

    def _on_notify(self, *_: Any) -> None:
        self._database.wake_up.set()


async def wake_from_elsewhere(database: Database) -> None:
    """Wake the relay of another process, and all that wait for its database's commits."""
    async with database.read() as connection:
        await connection.execute(_WAKE)


class RemoteWaker:
    """Wakes a relay in another process, by a NOTIFY for all commits since the last.

    NOTIFY within a business transaction would hold a cluster-wide lock during the WAL flush of its
    COMMIT.
    """

    def __init__(self, database: Database, url: str) -> None:
        """Take the database whose wake-up to pass on, and the URL to connect to."""
        self._database = database
        self._url = url

    async def run(self) -> None:
        """Pass wake-ups on until cancelled."""
        await for_ever(f"{self._database.name}.waker", self._once)

    async def _once(self) -> None:
        async with connected(self._url) as connection:
            while True:
                await _pass_on(self._database, connection, LAST_POLL_SECONDS)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection that ends where nothing is asked for half a minute."""
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
    """Wait for a wake-up and pass it on; after a silence check the connection."""
    is_woken = await database.wake_up.wait(seconds)
    try:
        await connection.execute(_WAKE if is_woken else "SELECT 1")
    except BaseException:
        if is_woken:  # the wake-up reached nobody yet
            database.wake_up.set()
        raise
