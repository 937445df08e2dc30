"""Owns a service's pool of PostgreSQL connections."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from time import monotonic
from typing import Any, Final, Self, TypeVar

import asyncpg
import orjson
from asyncpg.exceptions import InterfaceError, InternalClientError

from kit.clock import Clock, SystemClock
from kit.db.losses import SUSPECTS, ConnectionLostError, has_ended, is_loss
from kit.db.unit_of_work import Connection, OneStatement, ReadConnection, Snapshot, UnitOfWork
from kit.jsonable import plain
from kit.refusals import Unavailable
from kit.wake_up import WakeUp

B = TypeVar("B", bound=UnitOfWork | Snapshot)

CONNECT_TIMEOUT_SECONDS = 5.0
ACQUIRE_TIMEOUT_SECONDS = 5.0
COMMAND_TIMEOUT_SECONDS = 30.0
CLOSE_TIMEOUT_SECONDS = 10.0
BACKLOG_SECONDS = 60.0
# Opened at the start, and kept at hand; a payment makes about as many statements at once.
WARM_CONNECTIONS = 4
# For a page it would sort what an index of the first columns alone gives, all of one owner's rows,
# as soon as statistics take owners for many and small.
_SETTINGS: Final = {"enable_incremental_sort": "off"}


class Database:
    """Reaches a service's own schema by its own role.

    The role's search_path names the schema.

    Attributes:
        statements: How many statements were sent, BEGIN and COMMIT aside; tests compare it.
        backlog_seconds: For how long committed messages wait to be sent, as last measured.
        wake_up: Set after every commit that emitted messages.
        elsewhere: Set after such commits of other processes, where they tell of them.
        command_partitions: Of services the commands to which wait in several queues, in how many.
    """

    def __init__(self, pool: asyncpg.Pool, name: str, clock: Clock) -> None:
        self.name = name
        self.clock = clock
        self.statements = 0
        self.backlog_seconds = 0.0
        self.wake_up = WakeUp()
        self.elsewhere = WakeUp()
        self.command_partitions: Mapping[str, int] = {}
        self._pool = pool
        self._at_hand: list[asyncpg.Connection] = []
        self._most_at_hand = WARM_CONNECTIONS
        self._waiting_for_pool = 0

    @classmethod
    async def open(
        cls, url: str, *, name: str, pool_size: int = 10, clock: Clock | None = None
    ) -> Self:
        """Open the pool, with some connections ready for the first requests.

        Raises asyncpg and OS errors where the server can't be reached.
        """
        pool = await asyncpg.create_pool(
            url,
            min_size=min(WARM_CONNECTIONS, pool_size),
            max_size=pool_size,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            init=set_codecs,
            reset=_nothing_to_reset,
            server_settings={"application_name": name, **_SETTINGS},
        )
        return cls(pool, name, clock or SystemClock())

    async def close(self, *, within_seconds: float = CLOSE_TIMEOUT_SECONDS) -> None:
        """Give back what is at hand, and close the pool once borrowed ones are back."""
        self._most_at_hand = 0
        while self._at_hand:
            await self._release(self._at_hand.pop())
        try:
            async with asyncio.timeout(within_seconds):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a transaction that commits on a clean exit and rolls back on an exception.

        Raises:
            ConnectionLostError: PostgreSQL ended the connection under the transaction.
        """
        return self._transaction(UnitOfWork)

    def one_statement(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work for one statement, in one round trip instead of three.

        It is a transaction as usual where messages were emitted before. A connection that is lost
        then may have been lost after COMMIT.
        """
        return self._transaction(OneStatement)

    @asynccontextmanager
    async def _transaction(self, kind: type[UnitOfWork]) -> AsyncIterator[UnitOfWork]:
        uow = await self._begun(kind)
        try:
            async with uow:
                yield uow
        except BaseException:
            await self._release(uow.driver)
            raise
        await self._keep_or_release(uow)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """Borrow a connection outside any transaction, for reading.

        Each statement sees what was committed before it: see `snapshot` for what has to agree.
        """
        connection = ReadConnection(self, await self._borrowed())
        try:
            yield connection
        except BaseException:
            await self._release(connection.driver)
            raise
        await self._keep_or_release(connection)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Borrow a connection whose statements all read the same moment.

        Raises:
            ConnectionLostError: PostgreSQL ended the connection meanwhile.
        """
        snapshot = await self._begun(Snapshot)
        try:
            yield snapshot
        finally:
            try:
                await snapshot.end()
            finally:
                # Whether its ROLLBACK was answered is not known.
                await self._release(snapshot.driver)

    async def replaced(self, lost: asyncpg.Connection) -> asyncpg.Connection:
        """Give a lost connection back and return another one."""
        await self._release(lost)
        async with asyncio.timeout(ACQUIRE_TIMEOUT_SECONDS):
            while True:
                driver = await self._borrowed()
                try:
                    # All idle connections may have ended at once.
                    await driver.execute("SELECT")
                except SUSPECTS as error:
                    await self._release(driver)
                    if not is_loss(driver, error):
                        raise
                else:
                    return driver

    async def _begun(self, kind: type[B]) -> B:
        """Return a unit of work, or a snapshot, that has begun.

        Until BEGIN, if any, is answered nothing can be lost with a connection, so another one is
        tried.
        """
        until = monotonic() + ACQUIRE_TIMEOUT_SECONDS
        while True:
            begun = kind(self, await self._borrowed())
            try:
                await begun.begin()
            except BaseException as error:
                await self._release(begun.driver)
                if not isinstance(error, ConnectionLostError) or monotonic() > until:
                    raise
            else:
                return begun

    async def _borrowed(self) -> asyncpg.Connection:
        while self._at_hand:
            driver = self._at_hand.pop()
            if not has_ended(driver):
                return driver
            await self._release(driver)
        self._waiting_for_pool += 1
        try:
            lent: asyncpg.Connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS)
        except (InterfaceError, InternalClientError) as error:  # lost while it was set up
            raise ConnectionLostError(is_undone=True) from error
        finally:
            self._waiting_for_pool -= 1
        return lent

    async def _keep_or_release(self, connection: Connection) -> None:
        """Keep at hand what had no trouble, unless somebody waits for the pool's.

        The pool's own lending and taking back costs as much CPU as a short statement.
        """
        is_kept = len(self._at_hand) < self._most_at_hand and not connection.is_in_doubt
        if is_kept and not self._waiting_for_pool:
            self._at_hand.append(connection.driver)
        else:
            await self._release(connection.driver)

    async def _release(self, driver: asyncpg.Connection) -> None:
        # The work on the connection is over, whatever is wrong with it now; the pool drops it.
        with suppress(*SUSPECTS):
            await self._pool.release(driver)

    def require_no_backlog(self) -> None:
        """Raise Unavailable (503) while committed messages wait too long to be sent."""
        if self.backlog_seconds > BACKLOG_SECONDS:
            raise Unavailable

    async def ping(self) -> None:
        """Raise unless PostgreSQL answers a statement."""
        async with self.read() as connection:
            await connection.driver.fetchval("SELECT 1")  # not counted as a statement


async def set_codecs(driver: asyncpg.Connection) -> None:
    """Make jsonb columns take and return Python objects, by orjson."""
    await driver.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=_to_jsonb,
        decoder=_from_jsonb,
    )


def _to_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value, plain)  # jsonb's binary form: version 1, then JSON


def _from_jsonb(data: bytes) -> Any:
    return orjson.loads(data[1:])


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """Skip asyncpg's RESET round trip.

    Nothing needs it: session state is never set, and all locks end with COMMIT.
    """
