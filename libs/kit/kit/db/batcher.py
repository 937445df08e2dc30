"""Does the work of many requests in one transaction (group commit).

What arrives while a batch is being written makes up the next one, and where several came lately the
first of them waits a moment for the rest (`kit.linger`). Nobody is answered before the batch has
committed.
"""

from asyncio import Future, Task, get_running_loop
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType
from typing import Any, Concatenate, Generic, TypeVar

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError
from msgspec import Struct

from kit import context
from kit.db.losses import ConnectionLostError
from kit.db.unit_of_work import Connection
from kit.linger import QUIET_SECONDS, Gathering
from kit.refusals import Refusal, Unavailable
from kit.tasks import spawn

MOST = 64

# After these errors COMMIT may have arrived or not, so nothing is done a second time.
_UNCERTAIN = (
    OSError,
    TimeoutError,
    InterfaceError,
    InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)

I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")
C = TypeVar("C", bound=Connection)
Opening = Callable[[], AbstractAsyncContextManager[C]]
Verb = Callable[[C, Sequence[I]], Awaitable[Sequence[R | Refusal]]]
NamedVerb = Callable[Concatenate[C, Sequence[I], ...], Awaitable[Sequence[R | Refusal]]]


class _Turn(Struct, Generic[I, R], frozen=True):
    """One item, and the future of its result."""

    item: I
    result: "Future[R]"

    @property
    def is_awaited(self) -> bool:
        return not self.result.done()

    def end(self, outcome: R | BaseException) -> None:
        if self.result.done():
            return
        if isinstance(outcome, BaseException):
            self.result.set_exception(outcome)
        else:
            self.result.set_result(outcome)


class Batcher(Generic[C, I, R]):
    """Calls one verb for all items that wait, batch after batch, one at a time.

    A batch that fails is rolled back and each of its items is done alone, so that an item that
    can't be done fails no other. A caller that stops waiting takes its item back only while that
    has not begun.
    """

    def __init__(
        self,
        opening: Opening[C],
        verb: Verb[C, I, R],
        *,
        name: str,
        quiet: float = QUIET_SECONDS,
    ) -> None:
        """Take the verb, and what opens a connection for it.

        Args:
            opening: A database's `unit_of_work`, or its `read` where nothing is written.
            verb: Does a batch and returns the result of each item, in order. It must take its locks
                in one order, whatever the order of the items is.
            name: What the log calls it.
            quiet: How long a pause is in which more are hoped for, in seconds; 0 for none.
        """
        self._opening = opening
        self._verb = verb
        self._name = name
        self._waiting: Gathering[_Turn[I, R]] = Gathering(MOST, quiet=quiet)
        self._writing: Task[None] | None = None

    async def submit(self, item: I) -> R:
        """Return the result of the item, once that is committed.

        Raises:
            Refusal: what the verb returned for it.
            Exception: what it failed with, alone; or with all, where the connection was lost.
        """
        turn: _Turn[I, R] = _Turn(item, get_running_loop().create_future())
        self._waiting.add(turn)
        # A task that found nobody waiting ends before anything else runs, so no item is missed.
        if self._writing is None or self._writing.done():
            with context.within(context.Context()):
                self._writing = spawn(self._write(), self._name)
        return await turn.result

    async def submit_within(self, connection: C, item: I) -> R:
        """Return the result of the item, done alone in the caller's unit of work."""
        (outcome,) = await self._verb(connection, [item])
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    async def _write(self) -> None:
        turns: list[_Turn[I, R]] = []
        try:
            while self._waiting:
                turns = await self._waiting.take()
                await self._together([turn for turn in turns if turn.is_awaited])
        finally:
            # Every turn has ended, unless this task was cancelled: then nobody is left waiting.
            for turn in (*turns, *self._waiting.clear()):
                turn.end(Unavailable())

    async def _again(
        self, turns: Sequence[_Turn[I, R]], error: ConnectionLostError, *, is_repeated: bool
    ) -> None:
        """Repeat a batch whose connection was lost before COMMIT was sent."""
        if error.is_undone and not is_repeated:
            await self._together([turn for turn in turns if turn.is_awaited], is_repeated=True)
            return
        for turn in turns:
            turn.end(error)

    async def _together(self, turns: Sequence[_Turn[I, R]], *, is_repeated: bool = False) -> None:
        if not turns:
            return
        try:
            async with self._opening() as connection:
                outcomes = await self._verb(connection, [turn.item for turn in turns])
        except ConnectionLostError as error:
            await self._again(turns, error, is_repeated=is_repeated)
        except Exception as error:  # noqa: BLE001 - it belongs to one of the turns, or to all
            if len(turns) == 1 or isinstance(error, _UNCERTAIN):
                for turn in turns:
                    turn.end(error)
                return
            for turn in turns:
                await self._together([turn] if turn.is_awaited else [])
        else:
            for turn, outcome in zip(turns, outcomes, strict=True):
                turn.end(outcome)


class Batches(Generic[C]):
    """Keeps a batcher for each verb, so that callers submit to the verb by its name."""

    def __init__(
        self,
        opening: Opening[C],
        verbs: Mapping[Callable[..., Any], Mapping[str, Any]],
        openings: Mapping[Callable[..., Any], Opening[C]] = MappingProxyType({}),
    ) -> None:
        """Take the verbs, each with the keyword arguments that it is always given.

        `openings` are of those verbs that need another one.
        """
        self._batchers: dict[Callable[..., Any], Batcher[C, Any, Any]] = {
            verb: Batcher(
                openings.get(verb, opening),
                partial(verb, **given),
                name=f"{verb.__module__}.{verb.__name__}",
            )
            for verb, given in verbs.items()
        }

    async def submit(self, verb: NamedVerb[C, I, R], item: I) -> R:
        """Return the result of the item, done by `verb` with others and committed."""
        result: R = await self._batchers[verb].submit(item)
        return result

    async def submit_within(self, connection: C, verb: NamedVerb[C, I, R], item: I) -> R:
        """Return the item's result, done by `verb` alone in the caller's unit of work."""
        result: R = await self._batchers[verb].submit_within(connection, item)
        return result
