"""Holds what the servers of a stack have in common.

A server differs from a service: it is not ours, needs a folder of data and files that only its
account may read, and runs under an account of its own where the runner is root.
"""

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from deploy.stack.accounts import UnixAccount, account_for, give
from deploy.stack.environment import surroundings
from deploy.stack.processes import Processes, Program
from deploy.stack.state import StackState, write_private

_LONGEST_SOCKET = 103  # bytes of a Unix socket's path: macOS allows so many, Linux four more
_START_SECONDS = 120.0  # crash recovery may have much to replay
_STOP_SECONDS = 30.0


@dataclass(slots=True)
class PrivateServer(ABC):
    """Runs one server of a stack on 127.0.0.1, where the stack's state says."""

    processes: Processes
    state: StackState

    name: ClassVar[str]
    accounts: ClassVar[tuple[str, ...]]

    @property
    def account(self) -> UnixAccount | None:
        """Who runs it; None for whoever runs us."""
        return account_for(self.name, self.accounts)

    @property
    def data(self) -> Path:
        """The folder of all that it keeps."""
        if self.state.data is None:
            raise RuntimeError("no folder was chosen yet")
        return self.state.data / self.name

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.state.ports[self.name]

    @property
    def password(self) -> str:
        """What its clients show."""
        return self.state.secret(self.name)

    @property
    def is_alive(self) -> bool:
        """Whether it runs (not: whether it is ready)."""
        return self.processes.is_alive(self.name)

    @abstractmethod
    def launch(self) -> None:
        """Start it without waiting for it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether it serves now."""

    def wait(self) -> None:
        """Wait until it serves.

        Raises:
            NotReadyError: it ended, or took longer than two minutes.
        """
        self.processes.wait_until(self.name, self.is_ready, _START_SECONDS, "took no connection")

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises:
            NotReadyError: it ended, or took longer than two minutes.
            StackError: it is not installed.
        """
        self.launch()
        self.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it by a signal, in an orderly way unless the signal says otherwise."""
        self.processes.end(self.name, number, _STOP_SECONDS)

    def prepare(self) -> None:
        """Make its folder, which nobody else may enter, and its password."""
        make_folder(self.data, 0o700)
        give(self.data, self.account)
        self.state.secret(self.name)

    def write(self, name: str, text: str) -> Path:
        """Write a file that it alone may read, and return where it is."""
        path = self.data / name
        write_private(path, text)
        give(path, self.account)
        return path

    def program(
        self, command: Sequence[str], own: Mapping[str, str], name: str | None = None
    ) -> Program:
        """Return a program to run in its folder as its account.

        `own` are variables beside those that every program gets.
        """
        return Program(
            name or self.name, command, {**surroundings(), **own}, self.data, self.account
        )


def fits_a_socket(path: Path) -> bool:
    """Say whether there can be a Unix socket at a path."""
    return len(os.fsencode(path)) <= _LONGEST_SOCKET


def make_folder(path: Path, mode: int) -> None:
    """Make a folder of this mode, whatever the umask."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
