"""Keeps two commands from working on one stack at the same time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.stack.errors import StackError

# In the folder of a stack that belongs to a command: held for as long as that command runs.
LOCK = "command.lock"


@contextmanager
def held(path: Path, refusal: str) -> Iterator[None]:
    """Hold the lock file at `path`; the system gives it back even after a kill -9.

    Raises:
        StackError: somebody else holds it; `refusal` is the text.
    """
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(refusal) from None
        yield
