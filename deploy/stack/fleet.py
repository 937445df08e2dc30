"""Owns the services of one stack: their ports, environments, migrations, starting and ending."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from deploy.stack.environment import surroundings
from deploy.stack.errors import PortTakenError
from deploy.stack.identity import listens
from deploy.stack.infrastructure import Infrastructure
from deploy.stack.migrations import head
from deploy.stack.parallel import together
from deploy.stack.ports import is_free, settle
from deploy.stack.processes import Processes, Program
from deploy.stack.services import DATABASE, MEMORY, Place, Service, addresses
from deploy.stack.state import State

GATEWAY = "gateway"

_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 90.0  # on a cold disk every module is compiled first
_STOP_SECONDS = 20.0
_PROBE_SECONDS = 5.0
_LAST_PORT = 65_535
_DEFAULTS = {"ENVIRONMENT": "development", "LOG_FORMAT": "console", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller wants of the services.

    Attributes:
        gateway_port: A port that must be had; None takes any free one.
        ports: Ports to take where they are free, by what `Service.ports` calls them.
        settings: Variables for every service, beside the addresses that the stack gives.
        extra_env: Service → variables for it alone, which win over everything.
    """

    gateway_port: int | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    extra_env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The services `members` (by name) on top of `infrastructure`.

    Their sources are in `sources`; they work in `folder`, where no .env of a clone is found.
    """

    members: Mapping[str, Service]
    infrastructure: Infrastructure
    processes: Processes
    state: State
    sources: Path
    folder: Path
    wishes: Wishes

    def check_gateway_port(self) -> None:
        """Make sure that the port that the gateway must have is free, or the gateway's already.

        Raises:
            PortTakenError: it belongs to another program, or the gateway runs on another one.
        """
        port = self.wishes.gateway_port
        if port is None:
            return
        if self.processes.is_alive(GATEWAY):
            if self.state.ports.get(GATEWAY, port) != port:
                raise PortTakenError(
                    f"The gateway runs on port {self.state.ports[GATEWAY]}. To have it on {port}, "
                    f"end it first: make stop && make run GATEWAY_PORT={port}"
                )
            return
        if not is_free(port):
            other = port + 80 if port + 80 <= _LAST_PORT else 8080
            raise PortTakenError(
                f"Port {port} belongs to another program, and the gateway needs it. End that "
                f"program (find it with `ss -ltnp 'sport = :{port}'` or `lsof -i :{port}`), or "
                f"take another port: make run GATEWAY_PORT={other}"
            )

    def claim_gateway_port(self) -> None:
        """Note the port that the gateway must have, before anything else could be given it."""
        if self.wishes.gateway_port is not None and not self.processes.is_alive(GATEWAY):
            self.state.ports[GATEWAY] = self.wishes.gateway_port

    def settle_ports(self) -> None:
        """Choose the ports of the services that do not run."""
        self.claim_gateway_port()
        for member, service in self.members.items():
            if self.processes.is_alive(member):
                continue
            for name in service.ports:
                if name != GATEWAY or self.wishes.gateway_port is None:
                    settle(self.state.ports, name, self.wishes.ports.get(name))
        self.state.save()

    def lost_ports(self) -> list[int]:
        """Return the ports of services that do not run, and on which somebody else listens now."""
        return [
            self.state.ports[name]
            for member, service in self.members.items()
            if not self.processes.is_alive(member)
            for name in service.ports
            if name in self.state.ports and not is_free(self.state.ports[name])
        ]

    def migrate(self) -> None:
        """Bring the schema of every service that does not run up to date, all at once.

        Raises:
            NotReadyError: a migration failed.
        """
        names = [name for name, service in self.members.items() if service.migration is not None]
        there = self.infrastructure.postgres.revisions(DATABASE, names)
        steps = []
        for name in names:
            is_due = there.get(name) is None or there[name] != head(self.sources / name)
            if is_due and not self.processes.is_alive(name):
                service = self.members[name]
                program = self._program(service, service.migration or (), "-migration")
                steps.append(partial(self.processes.run, program))
        together(self.processes, steps)

    def start(self, name: str) -> None:
        """Start one service without waiting for it; nothing happens where it runs."""
        if not self.processes.is_alive(name):
            service = self.members[name]
            self.processes.start(self._program(service, service.command))

    def wait(self, name: str) -> None:
        """Wait until one service answers its readiness check.

        Raises:
            NotReadyError: it ended, or is not ready in time.
        """
        self.processes.wait_until(
            name, partial(self.is_ready, name), _READY_SECONDS, "was not ready"
        )

    def is_ready(self, name: str) -> bool:
        """Say whether one service runs and answers its readiness check, now."""
        identity = self.processes.identity_of(name)
        if name not in self.state.ports or identity is None:
            return False
        port = self.state.ports[name]
        try:
            is_ok = _is_ready_at(port)
        except (OSError, HTTPException):
            return False
        return is_ok and listens(identity.pid, port)  # or another program has answered

    def stop(self, name: str) -> None:
        """End one service in an orderly way."""
        self.processes.end(name, signal.SIGTERM, _STOP_SECONDS)

    def stop_all(self) -> None:
        """End all services, and anything else that is not a server (a migration cut short)."""
        servers = self.infrastructure.server_names
        names = [name for name in self.processes.names() if name not in servers]
        together(self.processes, [partial(self.stop, name) for name in names])

    def url_of(self, name: str) -> str:
        """Return where a service listens."""
        return f"http://{_LOOPBACK}:{self.state.ports[name]}"

    @property
    def public_url(self) -> str:
        """Where people reach the gateway."""
        return f"http://localhost:{self.state.ports[GATEWAY]}"

    def env_of(self, name: str) -> dict[str, str]:
        """Return the whole environment that a service is started with."""
        service = self.members[name]
        return {
            **surroundings(),
            **_DEFAULTS,
            **MEMORY,
            **{secret: self.state.secret(secret) for secret in service.secrets},
            **self.wishes.settings,
            **addresses(service, self._place()),
            **self.wishes.extra_env.get(name, {}),
        }

    def _program(self, service: Service, command: tuple[str, ...], suffix: str = "") -> Program:
        environment = self.env_of(service.name)
        name = f"{service.name}{suffix}"
        return Program(name, (sys.executable, *command[1:]), environment, self.folder)

    def _place(self) -> Place:
        roles = [
            role
            for name, service in self.members.items()
            if "postgres" in service.needs
            for role in (name, f"{name}_owner")
        ]
        return Place(
            listen=_LOOPBACK,
            ports=self.state.ports,
            urls={name: self.url_of(name) for name in self.members},
            public_url=self.public_url,
            postgres=f"{_LOOPBACK}:{self.state.ports['postgres']}",
            passwords={role: self.state.secret(role) for role in roles},
            rabbitmq_url=self.infrastructure.rabbitmq.url,
            redis_url=self.infrastructure.redis.url,
        )


def _is_ready_at(port: int) -> bool:
    """Ask a service; one that is degraded, as its broker is away, is not ready (yet)."""
    connection = HTTPConnection(_LOOPBACK, port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return answer.status == HTTPStatus.OK and b'"ready"' in answer.read()
    finally:
        connection.close()
