"""Cuts a coroutine off at each await, to try every place where a process may die."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from typing import Any


class _CutAt(Awaitable[None]):
    """Awaits a coroutine, and cancels the task at one of its suspensions."""

    def __init__(self, work: Coroutine[Any, Any, None], position: int) -> None:
        self.was_cut = False
        self._work = work
        self._position = position

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self._work.__await__()
        suspensions = 0
        try:
            waiting_for = next(steps)
        except StopIteration:  # it awaited nothing
            return
        while True:
            suspensions += 1
            if suspensions == self._position:
                self.was_cut = True
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            error: BaseException | None = None
            try:
                got = yield waiting_for
            except BaseException as thrown:  # noqa: BLE001 - it belongs to the work
                error = thrown
            try:
                waiting_for = steps.send(got) if error is None else steps.throw(error)
            except StopIteration:
                return


async def is_cut_at(work: Coroutine[Any, Any, None], position: int) -> bool:
    """Run work, cut off at its await of this number; tell whether it came so far."""
    cut = _CutAt(work, position)

    async def run() -> None:
        await cut

    task = asyncio.create_task(run())  # noqa: TID251 - awaited right here
    await asyncio.gather(task, return_exceptions=True)
    if not cut.was_cut:
        task.result()
    return cut.was_cut


async def cut_everywhere(
    begin: Callable[[], Coroutine[Any, Any, None]],
) -> AsyncIterator[int]:
    """Run fresh work again and again, cut off at its first await, its second, ….

    Yields the position after each run that was cut; ends with a run that was not.
    """
    position = 1
    while await is_cut_at(begin(), position):
        yield position
        position += 1
