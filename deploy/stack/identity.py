"""Tells one process from another that got the same pid later; sends no signals.

A runner that ends must be able to find its processes again, and never a stranger's, also after a
crash. /proc says it on Linux, `ps` on macOS; psutil would have to be installed before `make stop`.
"""

import contextlib
import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_ENDED_STATES = {"Z", "X"}
_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Names one process: by its pid and its time of birth."""

    pid: int
    born: str


@dataclass(frozen=True, slots=True)
class _Stat:
    state: str
    parent: int
    threads: int
    start_ticks: str

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, with all its threads.

        A killed process is a zombie while its threads still end and hold its ports.
        """
        return self.state in _ENDED_STATES and self.threads <= 1


def identify(pid: int) -> ProcessIdentity | None:
    """Return who runs under `pid` now; None where nobody does (a zombie is nobody)."""
    if sys.platform == "linux":
        stat = _stat(pid)
        if stat is None or stat.has_ended:
            return None
        return ProcessIdentity(pid, f"{_boot_id()}:{stat.start_ticks}")
    return _identify_by_ps(pid)


def is_running(identity: ProcessIdentity) -> bool:
    """Say whether exactly this process is still there."""
    return identify(identity.pid) == identity


def command_line(pid: int) -> tuple[str, ...]:
    """Return the arguments of `pid`; empty where it is gone or somebody else's."""
    if sys.platform == "linux":
        try:
            raw = (_PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ()
        return tuple(part.decode(errors="replace") for part in raw.split(b"\0") if part)
    return tuple(_ps(pid, "command=").split())


def pids_marked(variable: str) -> Iterator[int]:
    """Yield the pids whose start environment holds "NAME=value"; Linux only.

    A process that the runner started but could not record any more (power cut, kill -9 of the
    runner) is found in this way.
    """
    wanted = variable.encode()
    yield from _pids(
        lambda one: wanted in (one / "environ").read_bytes().split(b"\0"),
        'grep -qzxF -e "$0" "/proc/$pid/environ"',
        variable,
    )


def pids_in(directory: Path) -> Iterator[int]:
    """Yield the pids whose working directory is `directory`; Linux only."""
    yield from _pids(
        lambda one: (one / "cwd").readlink() == directory,
        '[ "$(readlink "/proc/$pid/cwd")" = "$0" ]',
        str(directory),
    )


def _pids(matches: Callable[[Path], bool], test: str, wanted: str) -> Iterator[int]:
    """Yield the pids whose folder in /proc matches.

    `test` says the same in shell, of $pid and $0 (`wanted`).

    Root without CAP_SYS_PTRACE, as in most containers, may not look into processes of the accounts
    that it runs the servers under; those accounts may.
    """
    hidden: dict[tuple[int, int], list[str]] = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            if matches(folder):
                yield int(folder.name)
        except PermissionError:
            with contextlib.suppress(OSError):
                status = folder.stat()
                hidden.setdefault((status.st_uid, status.st_gid), []).append(folder.name)
        except OSError:
            continue
    script = f'for pid; do {test} && echo "$pid"; done 2>/dev/null'
    for (uid, gid), pids in hidden.items() if os.geteuid() == 0 else ():
        answer = subprocess.run(
            ["/bin/sh", "-c", script, wanted, *pids],
            user=uid,
            group=gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        yield from map(int, answer.stdout.split())


def listens(pid: int, port: int) -> bool:
    """Say whether it is `pid` that listens on `port`; True where that can't be told."""
    folder = _PROC / str(pid)
    try:
        tables = [(folder / "net" / name) for name in ("tcp", "tcp6")]
        inodes = {inode for table in tables if table.exists() for inode in _listeners(table, port)}
        sockets = {f"socket:[{inode}]" for inode in inodes}
        return any(str(fd.readlink()) in sockets for fd in (folder / "fd").iterdir())
    except FileNotFoundError:
        return sys.platform != "linux"  # the process has ended, or a descriptor of it was closed
    except PermissionError:
        return True


def _listeners(table: Path, port: int) -> Iterator[str]:
    """Yield the inodes of the sockets that listen on `port`.

    By proc(5), 1 is the address, 3 the state, 9 the inode.
    """
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
            yield fields[9]


def ancestors(pid: int) -> Iterator[int]:
    """Yield the pids above `pid`, nearest first; Linux only."""
    stat = _stat(pid)
    while stat is not None and stat.parent > 0:
        yield stat.parent
        stat = _stat(stat.parent)


def _stat(pid: int) -> _Stat | None:
    """Read /proc/PID/stat.

    By proc(5), 3 is the state, 4 the parent, 20 the threads, 22 the start.
    """
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return _Stat(fields[0], int(fields[1]), int(fields[17]), fields[19])


@functools.cache
def _boot_id() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def _identify_by_ps(pid: int) -> ProcessIdentity | None:
    state, _, born = _ps(pid, "stat=,lstart=").partition(" ")
    if not state or state[0] in _ENDED_STATES:
        return None
    return ProcessIdentity(pid, " ".join(born.split()))


def _ps(pid: int, columns: str) -> str:
    answer = subprocess.run(
        ["ps", "-o", columns, "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()
