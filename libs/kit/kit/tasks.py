"""Runs background tasks whose failures are logged, and loops that restart."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar, cast

import structlog

A = TypeVar("A")
B = TypeVar("B")

GIVES_WAY_AFTER = 64  # items; encoding that many messages takes about a millisecond
WORKED_SECONDS = 1.0  # a loop that fails after at least so long starts its backoff afresh
# The longest pause after a failure. While a service's loops pause, the requests that wait for their
# work stand still; asking a server that is away once a second costs it nothing.
LONGEST_PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)

_running: set[asyncio.Task[Any]] = set()


def spawn(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Start a task that is kept alive until done, and log its failure."""
    task = asyncio.create_task(work, name=name)  # noqa: TID251 - this is the one place
    _running.add(task)
    task.add_done_callback(_report)
    return task


def _report(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task_failed", task=task.get_name(), exc_info=error)


async def all_of(works: Iterable[Coroutine[Any, Any, A]]) -> list[A]:
    """Run coroutines at once; where one fails or the caller is cancelled, cancel all."""
    tasks = [asyncio.create_task(work) for work in works]  # noqa: TID251 - awaited right here
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def together(first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """Run two coroutines at once, as ``all_of`` does."""
    return cast("tuple[A, B]", tuple(await all_of([first, second])))


async def giving_way(items: Iterable[A]) -> AsyncIterator[list[A]]:
    """Yield items a few at a time, and let other tasks run in between.

    It is for long work without I/O.
    """
    left = iter(items)
    while some := list(islice(left, GIVES_WAY_AFTER)):
        await asyncio.sleep(0)
        yield some


async def to_the_end(work: Coroutine[Any, Any, A], *, within_seconds: float) -> A:
    """Run work that goes on for `within_seconds` after a cancellation, to its end."""
    task = asyncio.create_task(work)  # noqa: TID251 - awaited right here
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=within_seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


def backoff(first: float = 0.1, most: float = LONGEST_PAUSE_SECONDS) -> Iterator[float]:
    """Yield capped exponential delays in seconds with jitter (AWS Builders' Library)."""
    ceiling = first
    while True:
        yield random.uniform(first / 2, ceiling)  # noqa: S311 - jitter is no secret
        ceiling = min(most, ceiling * 2)


async def for_ever(
    name: str,
    work: Callable[[], Awaitable[bool | None]],
    *,
    every_seconds: float = 1.0,
    or_when: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Run work again and again until cancelled.

    Args:
        name: What the log calls it.
        work: One run; it may go on for as long as it likes. True: there is more to do at once.
        every_seconds: Pause after any other run that returned. After one that raised the pause
            grows, each time it fails soon, up to a second.
        or_when: What cuts that pause short once it returns, as what was away is back.
    """
    loop = asyncio.get_running_loop()
    delays = backoff()
    while True:
        started = loop.time()
        try:
            has_more = await work()
        except Exception as error:  # noqa: BLE001 - the loop is what must survive everything
            if loop.time() - started > WORKED_SECONDS:
                delays = backoff()
            log.warning("loop_restarts", loop=name, error=repr(error))
            await _pause(next(delays), or_when)
        else:
            delays = backoff()
            await asyncio.sleep(0 if has_more else every_seconds)


async def _pause(seconds: float, or_when: Callable[[], Awaitable[object]] | None) -> None:
    if or_when is None:
        await asyncio.sleep(seconds)
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await or_when()


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks again and again until all have ended.

    A library on the way may lose a cancellation.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=1)
