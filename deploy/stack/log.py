"""Shows the log files of a stack as one log, each line under its writer's name.

Processes write to files, so that a stack in the background and one in the foreground are the same.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

_RESET = "\033[0m"
_BOLD = "\033[1m"
_RED = "\033[31m"
_COLOURS = tuple(f"\033[{number}m" for number in (36, 33, 32, 35, 34, 96, 93, 92, 95, 94))
_CHUNK_BYTES = 65_536


def may_colour(stream: TextIO) -> bool:
    """Say whether colours are wanted: on a terminal, unless NO_COLOR is set.

    See no-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def say(text: str) -> None:
    """Print for a person, at once; go on where nobody reads (`| head`)."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 (for the rest of the process)


def bold(text: str) -> str:
    """Return `text` in bold where standard output takes it."""
    return f"{_BOLD}{text}{_RESET}" if may_colour(sys.stdout) else text


def red(text: str) -> str:
    """Return `text` in red where standard error takes it."""
    return f"{_RED}{text}{_RESET}" if may_colour(sys.stderr) else text


@dataclass(slots=True)
class Follower:
    """Reads what is appended to one log file, also when a new file takes its place."""

    path: Path
    _inode: int = 0
    _offset: int = 0
    _rest: bytes = b""

    def skip_to_end(self) -> None:
        """Skip what is there already."""
        if self.path.exists():
            status = self.path.stat()
            self._inode, self._offset = status.st_ino, status.st_size

    def lines(self) -> list[str]:
        """Return the whole lines written since the last call."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode:
                    self._inode, self._offset, self._rest = status.st_ino, 0, b""
                file.seek(self._offset)
                read = file.read(_CHUNK_BYTES)
        except FileNotFoundError:
            return []
        self._offset += len(read)
        *whole, self._rest = (self._rest + read).split(b"\n")
        return [line.decode(errors="replace") for line in whole]


@dataclass(slots=True)
class Show:
    """Prints the logs `names` as one, by `emit`."""

    names: Sequence[str]
    log_of: Callable[[str], Path]
    colour: bool
    emit: Callable[[str], None]
    _followers: dict[str, Follower] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._followers = {name: Follower(self.log_of(name)) for name in self.names}

    def skip_to_end(self) -> None:
        """Show only what is written from now on."""
        for follower in self._followers.values():
            follower.skip_to_end()

    def step(self) -> bool:
        """Print what is new; say whether there was anything."""
        any_new = False
        for position, (name, follower) in enumerate(self._followers.items()):
            prefix = self._prefix(name, position)
            for line in follower.lines():
                any_new = True
                self.emit(f"{prefix}{line}")
        return any_new

    def _prefix(self, name: str, position: int) -> str:
        width = max(map(len, self.names))
        label = f"{name:<{width}} | "
        if not self.colour:
            return label
        return f"{_COLOURS[position % len(_COLOURS)]}{label}{_RESET}"
