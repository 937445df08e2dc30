"""Starts, records, verifies and ends the processes of one stack.

Every process is the leader of its own session, logs to a file, and is recorded as pid and time of
birth, so that a stale record never leads to a signal to a stranger. Runners that others keep know
their children only for as long as they run.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from deploy.stack.accounts import UnixAccount
from deploy.stack.errors import NotReadyError, StackError
from deploy.stack.identity import ProcessIdentity, ancestors, identify, is_running, pids_marked
from deploy.stack.log import for_people

_MARK = "SALDO_STACK"
_TAIL_LINES = 15
_POLL_SECONDS = 0.03
_READY_POLL_SECONDS = 0.1  # every look costs the one that is starting up
_KILL_SECONDS = 10.0
_STRAY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Program:
    """Says what to start: a command, its whole environment, where, and as whom.

    Without an account it runs as we do.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    account: UnixAccount | None = None


@dataclass(slots=True)
class Processes:
    """Keeps the processes of one stack, their records and their logs."""

    stack_id: str
    records: Path
    logs: Path
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _abandoned: threading.Event = field(default_factory=threading.Event)

    def start(self, program: Program) -> None:
        """Start `program` in the background; a log of its former run is kept as `.log.1`."""
        log = self.log_of(program.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        with log.open("xb") as output:
            self._children[program.name] = _spawn(program, self._mark, output.fileno())
        identity = identify(self._children[program.name].pid)
        if identity is not None:
            self.adopt(program.name, identity)

    def adopt(self, name: str, identity: ProcessIdentity) -> None:
        """Record a running process as ours."""
        record = {"stack": self.stack_id, "pid": identity.pid, "born": identity.born}
        self._record_of(name).write_text(json.dumps(record))

    def run(self, program: Program) -> None:
        """Run `program` to its end.

        Raises:
            NotReadyError: it exited with an error.
        """
        self.start(program)
        code = self._children.pop(program.name).wait()
        self._forget(program.name)
        if code != 0:
            raise NotReadyError(
                program.name, f"failed with exit code {code}", self.tail(program.name)
            )

    def is_alive(self, name: str) -> bool:
        """Say whether the recorded process of this name is running."""
        return self.identity_of(name) is not None

    def identity_of(self, name: str) -> ProcessIdentity | None:
        """Return the running process of this name; a stale record is dropped on the way."""
        recorded = self._read(name)
        if recorded is not None and is_running(recorded):
            return recorded
        self._forget(name)
        return None

    def names(self) -> list[str]:
        """Return the names of the processes that are running."""
        recorded = sorted(path.stem for path in self.records.glob("*.json"))
        return [name for name in recorded if self.is_alive(name)]

    def end(self, name: str, number: signal.Signals, patience_seconds: float) -> None:
        """Ask by `number`, wait, and kill what is left of its process group after that."""
        identity = self.identity_of(name)
        if identity is None:
            return
        _signal(identity, signal.SIGCONT)  # a paused process would not hear anything else
        _signal(identity, number)
        if not self._is_gone_within(name, patience_seconds):
            _signal(identity, signal.SIGKILL)
            if not self._is_gone_within(name, _KILL_SECONDS):
                raise StackError(f"{name} (pid {identity.pid}) does not end, even by kill -9.")
        _kill_group(identity.pid)
        self._forget(name)

    def wait_until(
        self, name: str, is_ready: Callable[[], bool], patience_seconds: float, what: str
    ) -> None:
        """Wait until `is_ready` says so; `what` says what it did not do otherwise.

        Raises:
            NotReadyError: the process ended first, or did not become ready in time.
        """
        deadline = time.monotonic() + patience_seconds
        while not is_ready():
            if not self.is_alive(name):
                raise NotReadyError(name, "ended before it was ready", self.tail(name))
            if self._abandoned.is_set():
                raise StackError(f"waiting for {name} was given up")
            if time.monotonic() > deadline:
                reason = f"{what} within {patience_seconds:.0f} s"
                raise NotReadyError(name, reason, self.tail(name))
            time.sleep(_READY_POLL_SECONDS)

    def together(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run all tasks in threads and return when the last has ended.

        The first failure, or an interrupt, makes the others give up their waiting; it is what is
        raised.
        """
        self._abandoned.clear()
        with ThreadPoolExecutor(max_workers=len(tasks) or 1) as pool:
            futures = [pool.submit(task) for task in tasks]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                self.abandon()
                raise

    def abandon(self) -> None:
        """Make every `wait_until` that is under way give up."""
        self._abandoned.set()

    def end_strays(self) -> int:
        """End what this stack started but no record leads to any more; return how many."""
        strays = [identity for pid in self._strays() if (identity := identify(pid)) is not None]
        for identity in strays:
            _signal(identity, signal.SIGTERM)
        if not waited(lambda: not any(map(is_running, strays)), _STRAY_SECONDS):
            for identity in strays:
                _signal(identity, signal.SIGKILL)
            waited(lambda: not any(map(is_running, strays)), _KILL_SECONDS)
        for child in self._children.values():
            child.poll()  # reaps those that were children of ours
        return len(strays)

    def log_of(self, name: str) -> Path:
        """Return where the process of this name logs."""
        return self.logs / f"{name}.log"

    def tail(self, name: str, lines: int = _TAIL_LINES) -> str:
        """Return the last log lines of a process, indented."""
        try:
            text = self.log_of(name).read_text(errors="replace")
        except OSError:
            return ""
        shown = "\n".join(for_people(line, colour=False) for line in text.splitlines()[-lines:])
        return "\n".join(f"  {line}" for line in shown.split("\n"))

    @property
    def _mark(self) -> str:
        return f"{_MARK}={self.stack_id}"

    def _strays(self) -> Iterator[int]:
        if sys.platform != "linux":
            return
        known = {identity.pid for name in self.names() if (identity := self._read(name))}
        for pid in pids_marked(self._mark):
            if pid not in known and known.isdisjoint(ancestors(pid)):
                yield pid

    def _is_gone_within(self, name: str, seconds: float) -> bool:
        return waited(lambda: not self.is_alive(name), seconds)

    def _record_of(self, name: str) -> Path:
        return self.records / f"{name}.json"

    def _read(self, name: str) -> ProcessIdentity | None:
        try:
            stored = json.loads(self._record_of(name).read_text())
            if stored["stack"] != self.stack_id:
                return None  # it came along with a copied clone
            return ProcessIdentity(stored["pid"], stored["born"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # no record, or one that was cut short: end_strays finds the process

    def _forget(self, name: str) -> None:
        self._record_of(name).unlink(missing_ok=True)
        if name in self._children:
            self._children[name].poll()  # reaps it, if it was a child of ours


def _spawn(program: Program, mark: str, output: int) -> subprocess.Popen[bytes]:
    name, _, value = mark.partition("=")
    account = program.account
    return subprocess.Popen(
        program.command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=program.folder,
        env={**program.environment, name: value},
        start_new_session=True,
        umask=0o077,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def _signal(identity: ProcessIdentity, number: signal.Signals) -> None:
    """Signal a process that was just verified; do nothing where it has ended."""
    if not is_running(identity):
        return
    try:
        os.kill(identity.pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        raise StackError(f"pid {identity.pid} belongs to another user; run as that user.") from None


def _kill_group(leader: int) -> None:
    """End what an ended leader has left in its group.

    The id of a group that has members is not given again.
    """
    if identify(leader) is not None:
        return
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def waited(is_done: Callable[[], bool], seconds: float) -> bool:
    """Wait until `is_done` says so, at most so long; say whether it did."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
