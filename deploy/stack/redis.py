"""Owns a stack's private Redis."""

import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.accounts import UnixAccount, give
from deploy.stack.environment import surroundings
from deploy.stack.errors import StackError
from deploy.stack.processes import Processes, Program
from deploy.stack.state import write_private

NAME = "redis"
ACCOUNTS = ("redis", "nobody")

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{data}"
appendonly yes
save ""
# A title would overwrite the start environment, by which a forgotten process is found.
set-proc-title no
"""


@dataclass(slots=True)
class Redis:
    """One server on 127.0.0.1:`port` with its data in `data`, run by `account`."""

    processes: Processes
    data: Path
    port: int
    password: str
    account: UnixAccount | None

    @property
    def url(self) -> str:
        """The address that services connect to."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            NotReadyError: it ended, or did not answer in time.
            StackError: Redis is not installed.
        """
        program = shutil.which("redis-server")
        if program is None:
            raise StackError("Redis is not installed.")
        configuration = self.data / "redis.conf"
        write_private(
            configuration,
            _CONFIGURATION.format(port=self.port, password=self.password, data=self.data),
        )
        give(configuration, self.account)
        self.processes.start(
            Program(NAME, [program, str(configuration)], surroundings(), self.data, self.account)
        )
        self.processes.wait_until(NAME, self.is_ready, _START_SECONDS, "did not answer")

    def stop(self) -> None:
        """End it in an orderly way: what it holds is on disk afterwards."""
        self.processes.end(NAME, signal.SIGTERM, _STOP_SECONDS)

    def is_ready(self) -> bool:
        """Say whether it answers, and has read its file of commands (it says LOADING before)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b"".join(iter(lambda: connection.recv(1024), b""))
        except OSError:
            return False
        return b"+PONG" in answer
