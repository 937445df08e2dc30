"""Owns the unit of work: a transaction, with callbacks before and after COMMIT.

The edge (a route, a consumer, a timer) opens a unit of work; verbs use it and never commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, Self, TypeVar

import structlog
from asyncpg import Connection as Driver
from asyncpg import Record
from asyncpg.exceptions import PostgresError

from kit import context
from kit.clock import Clock
from kit.db.losses import SUSPECTS, ConnectionLostError, has_ended, is_loss
from kit.db.query import joined, render
from kit.wake_up import WakeUp

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.sql import ClauseElement
T = TypeVar("T")

# A server that stops ends its connections one after the other, so the one taken instead may be the
# next. More often would let a statement that makes the server fall do so again and again.
REPEATS: Final = 2
# A silent connection is given up after these; other statements wait for 30 seconds.
BEGIN_SECONDS: Final = 5.0
ONE_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)

_is_open: ContextVar[bool] = ContextVar("unit_of_work_is_open", default=False)


def a_unit_of_work_is_open() -> bool:
    """Tell whether this task is inside a unit of work.

    No remote call may be made there (`kit.outgoing`).
    """
    return _is_open.get()


class CommitRefusedError(Exception):
    """PostgreSQL answered COMMIT with ROLLBACK: an earlier statement had failed."""


class FoundError(Exception):
    """A question right before COMMIT has found a row, so nothing is committed."""


class Lender(Protocol):
    """The database that lends connections, as far as they know it."""

    name: str
    clock: Clock
    wake_up: WakeUp
    statements: int
    command_partitions: Mapping[str, int]

    async def replaced(self, lost: Driver) -> Driver:
        """Take a lost connection back, and lend another one."""
        ...


class Connection:
    """A borrowed connection that counts its statements on the database.

    Raises ConnectionLostError where PostgreSQL has ended it.

    Attributes:
        driver: The connection.
        is_in_doubt: Whether a statement failed or was given up: the driver may still be at work on
            it.
    """

    __slots__ = ("_database", "driver", "is_in_doubt")

    def __init__(self, database: Lender, driver: Driver) -> None:
        self._database = database
        self.driver = driver
        self.is_in_doubt = False

    async def fetch(self, statement: "str | ClauseElement", *args: Any) -> list[Record]:
        """Return all rows."""
        text, values = self._prepare(statement, args)
        return await self._ask(lambda driver: driver.fetch(text, *values))

    async def fetchrow(self, statement: "str | ClauseElement", *args: Any) -> Record | None:
        """Return the first row, or None."""
        text, values = self._prepare(statement, args)
        return await self._ask(lambda driver: driver.fetchrow(text, *values))

    async def fetchval(self, statement: "str | ClauseElement", *args: Any) -> Any:
        """Return the first column of the first row, or None."""
        text, values = self._prepare(statement, args)
        return await self._ask(lambda driver: driver.fetchval(text, *values))

    async def execute(self, statement: "str | ClauseElement", *args: Any) -> int:
        """Run a statement and return how many rows it touched; 0 where it counts none."""
        text, values = self._prepare(statement, args)
        status = await self._do(lambda driver: driver.execute(text, *values))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of arguments, in one pipelined round trip."""
        text, _ = self._prepare(statement, ())
        await self._do(lambda driver: driver.executemany(text, rows))

    async def copy_in(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Insert rows by COPY; see kit.db.bulk for when."""
        self._database.statements += 1
        await self._do(
            lambda driver: driver.copy_records_to_table(table, columns=columns, records=rows)
        )

    async def _ask(self, question: Callable[[Driver], Awaitable[T]]) -> T:
        """Run a reading statement; a ReadConnection repeats it on another connection."""
        return await self._do(question)

    async def _do(self, work: Callable[[Driver], Awaitable[T]], *, is_undone: bool = True) -> T:
        try:
            return await work(self.driver)
        except BaseException as error:
            self.is_in_doubt = True
            if isinstance(error, SUSPECTS) and is_loss(self.driver, error):
                raise ConnectionLostError(is_undone=is_undone) from error
            raise

    async def _roll_back(self) -> None:
        # A failure here says less than the error under way, and nothing about what was read; the
        # pool drops the connection. A backend that has ended may have left the driver amid a
        # statement, which is no PostgresError.
        try:
            if not self.driver.is_closed():
                await self.driver.execute("ROLLBACK")
        except (*SUSPECTS, PostgresError, OSError, TimeoutError) as error:
            is_loss(self.driver, error)  # closes what can't be used any more

    def _prepare(
        self, statement: "str | ClauseElement", args: Sequence[Any]
    ) -> tuple[str, Sequence[Any]]:
        self._database.statements += 1
        return render(statement, args)


class ReadConnection(Connection):
    """A connection for reading, which repeats a statement whose connection was lost."""

    __slots__ = ()

    async def _ask(self, question: Callable[[Driver], Awaitable[T]]) -> T:
        for _ in range(REPEATS):
            try:
                return await super()._ask(question)
            except ConnectionLostError:
                self.driver = await self._database.replaced(self.driver)
                self.is_in_doubt = False
        return await super()._ask(question)


class Snapshot(Connection):
    """A connection that reads one moment: that of its first statement.

    What several statements read is then one state. It is no unit of work: it can't write, and
    what takes long on the way keeps nobody waiting. A statement of it is not repeated where its
    connection was lost, since another one would be of a later moment.
    """

    __slots__ = ()

    async def begin(self) -> None:
        """Send BEGIN; where that loses the connection, another one can be taken."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        await self._do(lambda driver: driver.execute(begin, timeout=BEGIN_SECONDS))

    async def end(self) -> None:
        """Let the moment go."""
        await self._roll_back()


class LastWrite(NamedTuple):
    """A statement that returns nothing, and its arguments."""

    text: str
    args: Sequence[Any]


Flush = Callable[["UnitOfWork", list[T]], LastWrite]


class UnitOfWork(Connection):
    """A transaction: all its changes commit together, then the callbacks run."""

    __slots__ = ("_after_commit", "_before_commit", "_question", "_token")

    def __init__(self, database: Lender, driver: Driver) -> None:
        super().__init__(database, driver)
        self._before_commit: dict[Flush[Any], list[Any]] = {}
        self._question: LastWrite | None = None
        self._after_commit: list[tuple[context.Context, Callable[[], None]]] = []

    @property
    def service(self) -> str:
        """Return the name of the service whose database this is."""
        return self._database.name

    @property
    def clock(self) -> Clock:
        """Return the clock that this process runs by."""
        return self._database.clock

    @property
    def command_partitions(self) -> Mapping[str, int]:
        """Return in how many queues the commands to a service wait, where that is not one."""
        return self._database.command_partitions

    @property
    def wake_up(self) -> WakeUp:
        """Return the wake-up of those who wait for this database's committed messages."""
        return self._database.wake_up

    def before_commit(self, flush: Flush[T], item: T) -> None:
        """Write right before COMMIT what `flush` makes of its items, in their order.

        All such writes are one statement: none of them sees what another one has written.
        """
        self._before_commit.setdefault(flush, []).append(item)

    def refuse_if_found(self, text: str, *args: Any) -> None:
        """Ask right before COMMIT, by the same statement as what is written then.

        Where a row is found nothing is committed, and FoundError is raised.
        """
        self._question = LastWrite(text, args)

    async def write_now(self, *flushes: Flush[Any]) -> None:
        """Write what waits for COMMIT if some is for these, as the caller looks at it."""
        if any(flush in self._before_commit for flush in flushes):
            await self._write_last()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run a quick, non-blocking callback once COMMIT has succeeded; lost on a crash.

        It runs in the context of the caller of this method: one unit of work may serve several
        requests.
        """
        self._after_commit.append((context.current(), callback))

    async def begin(self) -> None:
        """Send BEGIN; where that loses the connection, another one can be taken."""
        await self._do(lambda driver: driver.execute("BEGIN", timeout=BEGIN_SECONDS))

    async def __aenter__(self) -> Self:
        self._token = _is_open.set(True)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        try:
            if error is None:
                await self._commit()
            else:
                await self._roll_back()
        finally:
            _is_open.reset(self._token)
        if error is None:
            self._call_back()

    def _call_back(self) -> None:
        for where, callback in self._after_commit:
            with context.within(where):
                try:
                    callback()
                except Exception:
                    # The work is committed, so the caller must not be told that it failed.
                    log.exception("after_commit_failed", callback=repr(callback))

    async def _commit(self) -> None:
        if self._before_commit or self._question:
            try:
                await self._write_last(self._question)
            except BaseException:
                await self._roll_back()
                raise
        # In a failed transaction COMMIT succeeds as a statement and answers "ROLLBACK".
        status = await self._do(lambda driver: driver.execute("COMMIT"), is_undone=False)
        if status != "COMMIT":
            raise CommitRefusedError

    async def _write_last(self, question: LastWrite | None = None) -> None:
        writes = [flush(self, items) for flush, items in self._before_commit.items()]
        parts = [*writes, question] if question else writes
        args = chain.from_iterable(part.args for part in parts)
        count = await self.execute(joined(tuple(part.text for part in parts)), *args)
        if question and count:
            raise FoundError
        self._before_commit.clear()


class OneStatement(UnitOfWork):
    """A unit of work for one statement, which is a transaction by itself.

    There is no BEGIN and no COMMIT. Where messages go with the statement they are emitted before
    it, and there is a transaction as usual.
    """

    __slots__ = ("_has_begun", "_is_sent")

    def __init__(self, database: Lender, driver: Driver) -> None:
        super().__init__(database, driver)
        self._has_begun = self._is_sent = False

    async def begin(self) -> None:
        """Send nothing."""

    async def _do(self, work: Callable[[Driver], Awaitable[T]], *, is_undone: bool = True) -> T:
        if self._before_commit and not self._has_begun and not self._is_sent:
            self._has_begun = True
            await super().begin()
        if self._has_begun:
            return await super()._do(work, is_undone=is_undone)
        if self._is_sent:
            raise RuntimeError("the one statement was sent, and has been committed")
        if has_ended(self.driver):
            raise ConnectionLostError(is_undone=True)
        self._is_sent = True
        async with asyncio.timeout(ONE_SECONDS):
            return await super()._do(work, is_undone=False)

    async def _commit(self) -> None:
        if self._has_begun or self._before_commit:
            await super()._commit()

    async def _roll_back(self) -> None:
        if self._has_begun:
            await super()._roll_back()
