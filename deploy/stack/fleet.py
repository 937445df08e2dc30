"""Starts, watches and ends the services of one stack, and migrates their schemas.

Compose does this for images; here each service is a process of the clone's own Python.
"""

import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from deploy.stack.environment import surroundings
from deploy.stack.identity import listens
from deploy.stack.infrastructure import PROCESSES, Infrastructure
from deploy.stack.migrations import head
from deploy.stack.ports import LAST_PORT
from deploy.stack.processes import Processes, Program
from deploy.stack.server import fits_a_socket, make_folder
from deploy.stack.services import (
    BY_NAME,
    DATABASE,
    GATEWAY,
    MEMORY,
    SERVICES,
    StackAddresses,
    StorageAddress,
    addresses,
    of_replicas,
    replica,
)
from deploy.stack.state import StackState

SOCKETS = "sockets"  # the folder of the services' Unix sockets
_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 90.0  # on a cold disk every module is compiled first
_STOP_SECONDS = 20.0
_PROBE_SECONDS = 5.0
_DEFAULTS = {"ENVIRONMENT": "development", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Fleet:
    """Runs the services of one stack, with variables as `Stack` was given them."""

    infrastructure: Infrastructure
    processes: Processes
    state: StackState
    sources: Path
    settings: Mapping[str, str]
    extra_env: Mapping[str, Mapping[str, str]]
    replicas: Mapping[str, int]

    def processes_of(self, name: str) -> list[str]:
        """Return the names of all replicas of a service."""
        return [replica(name, one + 1) for one in range(self.replicas.get(name, 1))]

    def migrate(self) -> None:
        """Bring the schema of every service that does not run up to date, all at once.

        Raises:
            NotReadyError: a migration failed.
        """
        migrations = {one.name: one.migration for one in SERVICES if one.migration is not None}
        present = self.infrastructure.postgres.revisions(DATABASE, list(migrations))
        due = [
            partial(
                self.processes.run,
                self._program(f"{name}-migration", command, self.env_of(name)),
            )
            for name, command in migrations.items()
            if name not in present or present[name] != head(self.sources / name)
            if not self.processes.is_alive(name)
        ]
        self.processes.together(due)

    def launch(self, name: str) -> None:
        """Start one service without waiting for it; nothing happens where it runs."""
        if sockets := sockets_in(self.state.local):
            make_folder(Path(sockets), 0o700)  # nobody else enters
        for number, process in enumerate(self.processes_of(name), 1):
            if not self.processes.is_alive(process):
                command, environment = BY_NAME[name].command, self.env_of(name, number)
                self.processes.start(self._program(process, command, environment))

    def wait(self, name: str) -> None:
        """Wait until one service answers its readiness check.

        Raises:
            NotReadyError: it ended, or is not ready in time.
        """
        for process in self.processes_of(name):
            self.processes.wait_until(
                process, partial(self._answers, process), _READY_SECONDS, "was not ready"
            )

    def is_ready(self, name: str) -> bool:
        """Say whether one service runs and answers its readiness check, now."""
        return all(map(self._answers, self.processes_of(name)))

    def stop(self, name: str) -> None:
        """End one service in an orderly way."""
        self.end(name, signal.SIGTERM, _STOP_SECONDS)

    def end(self, name: str, number: signal.Signals, patience_seconds: float) -> None:
        """End one service by a signal."""
        ends = [
            partial(self.processes.end, process, number, patience_seconds)
            for process in self.processes_of(name)
        ]
        self.processes.together(ends)

    def stop_all(self) -> None:
        """End everything that is not a server: services, and a migration cut short."""
        names = [name for name in self.processes.names() if name not in PROCESSES]
        self.processes.together(
            [partial(self.processes.end, name, signal.SIGTERM, _STOP_SECONDS) for name in names]
        )

    def url_of(self, process: str) -> str:
        """Return where a service, or a replica of it, listens."""
        return f"http://{_LOOPBACK}:{self.state.ports[process]}"

    @property
    def public_url(self) -> str:
        """Where people reach the gateway."""
        return f"http://localhost:{self.state.ports[GATEWAY.name]}"

    def env_of(self, name: str, number: int = 1) -> dict[str, str]:
        """Return the whole environment that a service, or a replica, is started with."""
        service, process = BY_NAME[name], replica(name, number)
        urls = {one: self.url_of(one) for other in BY_NAME for one in self.processes_of(other)}
        own_port = {f"{service.prefix}_PORT": str(self.state.ports[process])} if number > 1 else {}
        return {
            **surroundings(),
            **_DEFAULTS,
            **MEMORY,
            **{secret: self.state.secret(secret) for secret in service.secrets},
            **self.settings,
            **addresses(service, self._place()),
            "SOCKETS": sockets_in(self.state.local),
            **of_replicas(service, number, self.replicas, urls),
            **self.extra_env.get(name, {}),
            **own_port,
        }

    def _program(self, name: str, command: Sequence[str], environment: dict[str, str]) -> Program:
        """Return a program that works in the stack's folder.

        No .env of a clone is found there.
        """
        return Program(name, (sys.executable, *command[1:]), environment, self.state.local)

    def _answers(self, process: str) -> bool:
        identity = self.processes.identity_of(process)
        port = self.state.ports.get(process)
        if identity is None or port is None:
            return False
        # Another program may have answered on that port.
        return _is_ready_at(port) and listens(identity.pid, port)

    def _place(self) -> StackAddresses:
        roles = [role for one in SERVICES for role in one.roles]
        stored = self.infrastructure.storage
        return StackAddresses(
            listen=_LOOPBACK,
            ports=self.state.ports,
            urls={name: self.url_of(name) for name in BY_NAME},
            public_url=self.public_url,
            database=self.infrastructure.postgres.place_of(DATABASE),
            passwords={role: self.state.secret(role) for role in roles},
            rabbitmq_url=self.infrastructure.rabbitmq.url,
            redis_url=self.infrastructure.redis.url_here,
            storage=StorageAddress(stored.url, stored.url, stored.password),
        )


def sockets_in(local: Path) -> str:
    """Return the folder of the services' Unix sockets, empty where it is too deep."""
    folder = local / SOCKETS
    return str(folder) if fits_a_socket(folder / str(LAST_PORT)) else ""


def _is_ready_at(port: int) -> bool:
    """Ask a service whether it is ready.

    One that is degraded, as its broker is away, is not ready (yet).
    """
    connection = HTTPConnection(_LOOPBACK, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return answer.status == HTTPStatus.OK and b'"ready"' in answer.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
