"""Connection and unit of work: a transaction, the messages it sends, what follows COMMIT.

The edge (a route, a consumer, a timer) opens it; verbs use it and never commit.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, TypeVar

import structlog
from asyncpg import Connection as Driver
from asyncpg import Record
from asyncpg.exceptions import InterfaceError, PostgresError

from kit import context
from kit.clock import Clock
from kit.db.losses import SUSPECTS, ConnectionLostError, is_loss
from kit.db.query import render
from kit.messaging.messages import Envelope, Message
from kit.messaging.outbox import Outgoing, prepare, store

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.sql import ClauseElement

    from kit.db.database import Database

T = TypeVar("T")

log = structlog.get_logger(__name__)

_is_open: ContextVar[bool] = ContextVar("unit_of_work_is_open", default=False)


def a_unit_of_work_is_open() -> bool:
    """Tell whether this task is inside a unit of work, where no remote call may be made."""
    return _is_open.get()


class CommitRefusedError(Exception):
    """PostgreSQL answered COMMIT with ROLLBACK: an earlier statement had failed."""


class Connection:
    """A borrowed connection; every statement sent through it is counted on the database.

    Raises ConnectionLostError where PostgreSQL has ended it.
    """

    __slots__ = ("_database", "driver")

    def __init__(self, database: "Database", driver: Driver) -> None:
        self._database = database
        self.driver = driver

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
        """Run a statement and return how many rows it touched (0 where that makes no sense)."""
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
        """Insert rows by COPY; see kit.bulk for when."""
        self._database.statements += 1
        await self._do(
            lambda driver: driver.copy_records_to_table(table, columns=columns, records=rows)
        )

    async def _ask(self, question: Callable[[Driver], Awaitable[T]]) -> T:
        """Ask something; a connection outside a transaction may be replaced, and asked anew."""
        return await self._do(question)

    async def _do(self, work: Callable[[Driver], Awaitable[T]], *, is_undone: bool = True) -> T:
        try:
            return await work(self.driver)
        except SUSPECTS as error:
            if is_loss(self.driver, error):
                raise ConnectionLostError(is_undone=is_undone) from error
            raise

    def _prepare(
        self, statement: "str | ClauseElement", args: Sequence[Any]
    ) -> tuple[str, Sequence[Any]]:
        self._database.statements += 1
        return render(statement, args)


class Reading(Connection):
    """A connection for reading, replaced where it was lost: what was asked is asked once more."""

    __slots__ = ()

    async def _ask(self, question: Callable[[Driver], Awaitable[T]]) -> T:
        try:
            return await super()._ask(question)
        except ConnectionLostError:
            self.driver = await self._database.replaced(self.driver)
        return await super()._ask(question)


class UnitOfWork(Connection):
    """All or nothing: state, inbox and outbox rows commit together, then the callbacks run."""

    __slots__ = ("_after_commit", "_outgoing", "_token")

    def __init__(self, database: "Database", driver: Driver) -> None:
        super().__init__(database, driver)
        self._outgoing: list[Outgoing] = []
        self._after_commit: list[tuple[context.Context, Callable[[], None]]] = []

    @property
    def service(self) -> str:
        """Name of the service whose database this is."""
        return self._database.name

    @property
    def clock(self) -> Clock:
        """The clock this process runs by."""
        return self._database.clock

    def emit(
        self,
        message: Message,
        *,
        subject: str,
        sequence: int | None = None,
        to: str | None = None,
        cause: Envelope | None = None,
    ) -> None:
        """Send a message if, and only if, this unit of work commits.

        Args:
            message: An event, a command, or a reply.
            subject: Id of the aggregate; messages of one subject keep their order.
            sequence: The aggregate's gapless version, on events.
            to: The service that asked (``Envelope.reply_to``); replies only.
            cause: The message this one answers, where the context holds no single one.
        """
        self._outgoing.append(
            prepare(
                message,
                service=self.service,
                subject=subject,
                time=self.clock.now(),
                sequence=sequence,
                to=to,
                cause=cause,
            )
        )

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run a quick, non-blocking callback once COMMIT has succeeded; lost on a crash.

        It runs in the context of now: one unit of work may serve several requests.
        """
        self._after_commit.append((context.current(), callback))

    async def begin(self) -> None:
        """Send BEGIN; where the connection is lost by then, another one can be taken."""
        await self._do(lambda driver: driver.execute("BEGIN"))

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
            if self._outgoing:
                self._database.doorbell.ring()
            self._call_back()

    async def _roll_back(self) -> None:
        # Where this fails the error under way says more, and the pool sees to the connection.
        with suppress(PostgresError, InterfaceError, OSError, TimeoutError):
            if not self.driver.is_closed():
                await self.driver.execute("ROLLBACK")

    def _call_back(self) -> None:
        for where, callback in self._after_commit:
            with context.within(where):
                try:
                    callback()
                except Exception:
                    # The work is committed: the caller must not be told that it failed.
                    log.exception("after_commit_failed", callback=repr(callback))

    async def _commit(self) -> None:
        if self._outgoing:
            await store(self, self._outgoing)
        # In a failed transaction COMMIT succeeds as a statement and answers "ROLLBACK".
        status = await self._do(lambda driver: driver.execute("COMMIT"), is_undone=False)
        if status != "COMMIT":
            raise CommitRefusedError
