"""Owns doing several things at once with one outcome."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from deploy.stack.processes import Processes


def together(processes: Processes, tasks: Sequence[Callable[[], None]]) -> None:
    """Run all tasks in threads and return when the last has ended.

    The first failure, or an interrupt, makes the others give up their waiting; it is what is
    raised.
    """
    if not tasks:
        return
    with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            failed = [future for future in futures if future.done() and future.exception()]
        except BaseException:
            processes.abandon()
            raise
        if failed:
            processes.abandon()
            failed[0].result()
