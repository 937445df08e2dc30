"""Shows the log files of a stack as one log, each line under its writer's name.

Processes write to files, so that a stack in the background and one in the foreground are the same.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

_RESET = "\033[0m"
_BOLD = "\033[1m"
_RED = "\033[31m"
_DIM = "\033[2m"
_OF_LEVEL = {"warning": "\033[33m", "error": _RED, "critical": _RED}
_COLOURS = tuple(f"\033[{number}m" for number in (36, 33, 32, 35, 34, 96, 93, 92, 95, 94))
_CHUNK_BYTES = 65_536
# Whose writer stands before the line, or what is only for programs.
_NOT_SHOWN = ("service", "traceparent")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


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


def for_people(line: str, *, colour: bool) -> str:
    """Return a line of JSON as people read it, with an exception's lines.

    What is no JSON stays. Nothing in it moves the cursor.
    """
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return _shown(line)
    if not isinstance(event, dict) or "event" not in event:
        return _shown(line)
    at = _plain(event.pop("at", ""))[11:23]
    level, what = _plain(event.pop("level", "")), _plain(event.pop("event"))
    trace = _shown(str(event.pop("exception", ""))).rstrip()
    fields = " ".join(
        f"{_plain(name)}={_plain(value)}" for name, value in event.items() if name not in _NOT_SHOWN
    )
    if colour:
        at, fields = f"{_DIM}{at}{_RESET}", f"{_DIM}{fields}{_RESET}"
        what = f"{_OF_LEVEL.get(level, '')}{what}{_RESET}"
    said = f"{at} {level:<7} {what} {fields}".rstrip()
    return f"{said}\n{trace}" if trace else said


def _plain(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return _shown(text).replace("\n", "\\n")


def _shown(text: str) -> str:
    return _CONTROL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


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
                for part in for_people(line, colour=self.colour).split("\n"):
                    self.emit(f"{prefix}{part}")
        return any_new

    def _prefix(self, name: str, position: int) -> str:
        width = max(map(len, self.names))
        label = f"{name:<{width}} | "
        if not self.colour:
            return label
        return f"{_COLOURS[position % len(_COLOURS)]}{label}{_RESET}"
