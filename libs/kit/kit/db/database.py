"""One service's pool of PostgreSQL connections; hands out units of work and read connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import asyncpg
import orjson

from kit.clock import Clock, SystemClock
from kit.db.unit_of_work import Connection, UnitOfWork
from kit.jsonable import plain
from kit.messaging.doorbell import Doorbell
from kit.refusals import Unavailable

CONNECT_TIMEOUT_SECONDS = 5.0
ACQUIRE_TIMEOUT_SECONDS = 5.0
COMMAND_TIMEOUT_SECONDS = 30.0
CLOSE_TIMEOUT_SECONDS = 10.0
BACKLOG_SECONDS = 60.0


class Database:
    """A service's own schema, reached by its own role (the role's search_path names the schema).

    Attributes:
        statements: How many statements were sent, BEGIN and COMMIT aside; tests compare it.
        backlog_seconds: For how long committed messages wait to be sent, as last seen.
        doorbell: Rung after every commit that emitted messages.
    """

    def __init__(self, pool: asyncpg.Pool, name: str, clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.statements = 0
        self.backlog_seconds = 0.0
        self.doorbell = Doorbell()
        self._pool = pool

    @classmethod
    async def open(
        cls, url: str, *, name: str, pool_size: int = 10, clock: Clock | None = None
    ) -> Self:
        """Open the pool; raises asyncpg and OS errors where the server can't be reached."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=pool_size,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            init=set_codecs,
            reset=_nothing_to_reset,
            server_settings={"application_name": name},
        )
        return cls(pool, name, clock or SystemClock())

    async def close(self) -> None:
        """Close the pool, waiting a moment for borrowed connections."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction that commits on a clean exit and rolls back on an exception."""
        async with (
            self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as driver,
            UnitOfWork(self, driver) as uow,
        ):
            yield uow

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """Borrow a connection outside any transaction, for reading."""
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as driver:
            yield Connection(self, driver)

    def require_no_backlog(self) -> None:
        """Raise Unavailable (503) while what is accepted now would wait for long to be done."""
        if self.backlog_seconds > BACKLOG_SECONDS:
            raise Unavailable

    async def ping(self) -> None:
        """Raise unless a statement makes the round trip."""
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as driver:
            await driver.fetchval("SELECT 1")


async def set_codecs(driver: asyncpg.Connection) -> None:
    """Let jsonb columns take and give Python objects, by orjson."""
    await driver.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=_to_jsonb,
        decoder=_from_jsonb,
    )


def _to_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value, plain)  # its binary form: version 1, then JSON


def _from_jsonb(data: bytes) -> Any:
    return orjson.loads(data[1:])


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """Skip asyncpg's RESET round trip: session state is never set, all locks end with COMMIT."""
