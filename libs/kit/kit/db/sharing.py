"""Lets requests that arrive while others are being written share the next unit of work.

One BEGIN, one INSERT into the outbox and one COMMIT then serve many requests; a lone one is served
at once. Nobody is answered before that COMMIT.
"""

from asyncio import Future, get_running_loop
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import asyncpg
from asyncpg.exceptions import InterfaceError

from kit import context
from kit.db.unit_of_work import UnitOfWork
from kit.tasks import spawn

if TYPE_CHECKING:
    from kit.db.database import Database

MOST = 64

# After these it is not known whether COMMIT arrived, so nothing is done a second time.
_UNCERTAIN = (OSError, TimeoutError, InterfaceError, asyncpg.PostgresConnectionError)

T = TypeVar("T")
Work = Callable[[UnitOfWork], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class _Turn(Generic[T]):
    """One request's work, the context it came with, and who waits for its result."""

    work: Work[T]
    context: context.Context
    result: "Future[T]"

    async def take(self, uow: UnitOfWork) -> T:
        token = context.enter(self.context)
        try:
            return await self.work(uow)
        finally:
            context.leave(token)

    def succeed(self, result: T) -> None:
        if not self.result.done():
            self.result.set_result(result)

    def fail(self, error: BaseException) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class Sharing:
    """Writes for one database, one shared unit of work at a time.

    Only for work that takes its locks on rows that nobody else locks in groups: turns follow each
    other in the order of arrival, not in the order of ids.
    """

    def __init__(self, database: "Database") -> None:
        """Take the database to write to."""
        self._database = database
        self._waiting: list[_Turn[Any]] = []
        self._is_writing = False

    async def run(self, work: Work[T]) -> T:
        """Do the work in a unit of work that others may share, and return once it has committed.

        A turn that fails takes nobody down: what it did is rolled back, and all others are done
        again, each alone.
        """
        turn = _Turn(work, context.current(), get_running_loop().create_future())
        self._waiting.append(turn)
        if not self._is_writing:
            self._is_writing = True
            spawn(self._write(), f"{self._database.name}.sharing")
        return cast("T", await turn.result)

    async def _write(self) -> None:
        try:
            while self._waiting:
                turns, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._together(turns)
        finally:
            self._is_writing = False

    async def _together(self, turns: Sequence[_Turn[Any]]) -> None:
        try:
            async with self._database.unit_of_work() as uow:
                results = [await turn.take(uow) for turn in turns]
        except _UNCERTAIN as error:
            for turn in turns:
                turn.fail(error)
        except Exception as error:  # noqa: BLE001 - it belongs to one of the turns
            await self._apart(turns, error)
        else:
            for turn, result in zip(turns, results, strict=True):
                turn.succeed(result)

    async def _apart(self, turns: Sequence[_Turn[Any]], error: Exception) -> None:
        if len(turns) == 1:
            turns[0].fail(error)
            return
        for turn in turns:
            await self._together([turn])
