"""Makes folders for files under way, and removes those that were left behind.

A folder is locked by whoever made it; the lock ends with its process, whatever becomes of that.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Final

_PREFIX: Final = "finance-file-"


@contextmanager
def work_folder() -> Iterator[Path]:
    """Make a folder that is removed at the end, with all that is in it."""
    path, lock = _locked()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def remove_lost_folders() -> None:
    """Remove the folders of processes that were killed."""
    for path in Path(gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is in use, or another user's
            lock = _opened(path)
            try:
                flock(lock, LOCK_EX | LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(lock)


def _locked() -> tuple[Path, int]:
    """Return a new folder and its lock; one that was taken for a lost one is gone."""
    while True:
        path = Path(mkdtemp(prefix=_PREFIX))
        with suppress(FileNotFoundError):
            lock = _opened(path)
            flock(lock, LOCK_EX)
            if path.exists():
                return path, lock
            os.close(lock)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
