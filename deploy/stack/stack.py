"""Starts and ends a whole stack: servers, migrations and services.

Used by the commands of `make` and, on free ports in folders of their own, by tests.
"""

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from deploy.stack.errors import NotReadyError, StackError
from deploy.stack.fleet import SOCKETS, Fleet
from deploy.stack.infrastructure import LISTENERS, Infrastructure
from deploy.stack.locks import held
from deploy.stack.ports import StackPorts
from deploy.stack.processes import Processes
from deploy.stack.services import BY_NAME, GATEWAY, SERVICES, replicas_in
from deploy.stack.state import StackState

_KILL_SECONDS = 10.0
_PORT_TRIES = 4


class Stack:
    """Runs the stack of the clone at `root`; keeps all of its own under `local`.

    Args:
        root: The clone.
        local: Where state, logs and data are kept; a relative path is one in the clone.
        gateway_port: A port that must be had; None takes any free one.
        preferred_ports: Ports to take where they are free, by what `StackService.ports` calls
            them, or "rabbitmq_api". Any other port is a random free one, kept from run to run.
        settings: Variables for every service, beside the addresses that the stack gives.
        extra_env: Service → variables for it alone; they win over everything. What is put into
            `stack.extra_env[service]` later counts from the next start of that service.
        replicas: Service → how many of it there are to be, where that is not one; without it, as
            the variable `REPLICAS` says.
        say: Told what is going on, for a person to read.
    """

    def __init__(  # noqa: PLR0913 (every caller chooses a few of these by name)
        self,
        root: Path,
        local: Path = Path(".local"),
        *,
        gateway_port: int | None = None,
        preferred_ports: Mapping[str, int] | None = None,
        settings: Mapping[str, str] | None = None,
        extra_env: Mapping[str, Mapping[str, str]] | None = None,
        replicas: Mapping[str, int] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.root = root.resolve()
        self.local = self.root / local
        self.extra_env: dict[str, dict[str, str]] = {name: {} for name in BY_NAME}
        for name, variables in (extra_env or {}).items():
            self.extra_env[name] |= variables
        self._gateway_port = gateway_port
        self._preferred_ports = preferred_ports or {}
        self._settings = settings or {}
        wanted = replicas_in(os.environ.get("REPLICAS", "")) if replicas is None else replicas
        self._replicas = dict(wanted)
        self._say = say
        self._load()

    def _load(self) -> None:
        state = self._state = StackState.open(self.local)
        self.processes = Processes(state.stack_id, self.local / "processes", self.local / "log")
        self.infrastructure = Infrastructure(state, self.processes)
        sources = self.root / "services"
        self._fleet = Fleet(
            self.infrastructure,
            self.processes,
            state,
            sources,
            self._settings,
            self.extra_env,
            self._replicas,
        )
        listeners = LISTENERS | {port: one.name for one in SERVICES for port in one.ports}
        for name in self._replicas:
            listeners |= {one: one for one in self._fleet.processes_of(name)}
        self._ports = StackPorts(
            state, self.processes, listeners, self._preferred_ports, self._gateway_port
        )

    # The whole

    def start(self) -> None:
        """Start what is not running yet and wait until every service is ready.

        Raises:
            NotReadyError: names what is not ready; everything was stopped again.
            StackError: the gateway's port belongs to another program; nothing was started.
        """
        with self._locked():
            self.processes.end_strays()
            self._ports.check_gateway()
            if self.is_ready():
                self._say("everything is running already")
                return
            self._until_ports_are_had(self._start_all)

    def start_infrastructure(self, *, roles: bool = True) -> None:
        """Start the servers alone, and wait until they are ready.

        Without `roles` PostgreSQL stays empty, for tests that make databases of their own.
        """
        with self._locked():
            self.processes.end_strays()
            self._until_ports_are_had(partial(self._start_servers, roles=roles))

    def stop(self) -> list[str]:
        """End everything that this stack started; return what was running, for a person.

        A port that the gateway had to have is forgotten, as it is not after an unclean end.
        """
        with self._locked():
            return self._stop()

    def reset(self) -> None:
        """End everything and remove what it kept: data, logs, ports, passwords."""
        with self._locked():
            self._fleet.stop_all()
            if self.infrastructure.is_settled:
                self.infrastructure.discard()
            self.processes.end_strays()
            kept = (self.processes.records, self.processes.logs, self.local / SOCKETS)
            leftovers = [*kept, *self.local.glob("data-*")]
            for folder in leftovers:
                shutil.rmtree(folder, ignore_errors=True)
            self._state.forget()
            self._load()

    def wait_ready(self) -> None:
        """Wait until RabbitMQ and every service are ready.

        Raises:
            NotReadyError: one ended, or is not ready in time.
        """
        waits = [partial(self._fleet.wait, name) for name in BY_NAME]
        self.processes.together([self.infrastructure.rabbitmq.wait, *waits])

    def is_ready(self) -> bool:
        """Say whether everything runs and every service is ready, now."""
        return self.knows_services and all(map(self._fleet.is_ready, BY_NAME))

    # Parts, for tests of what happens without them

    def start_service(self, name: str) -> None:
        """Start one service and wait until it is ready; nothing happens where it runs."""
        self._fleet.launch(name)
        self._fleet.wait(name)

    def stop_service(self, name: str) -> None:
        """End one service in an orderly way."""
        self._fleet.stop(name)

    def kill_service(self, name: str) -> None:
        """End one service by kill -9."""
        self._fleet.end(name, signal.SIGKILL, _KILL_SECONDS)

    # Addresses

    @property
    def services(self) -> list[str]:
        """The names of all services, and of their replicas."""
        return [process for name in BY_NAME for process in self._fleet.processes_of(name)]

    @property
    def knows_services(self) -> bool:
        """Whether servers run and services have ports, so that all below can be asked."""
        return self.infrastructure.is_alive and GATEWAY.name in self._state.ports

    @property
    def gateway_url(self) -> str:
        """Where people reach the gateway."""
        return self._fleet.public_url

    @property
    def postgres_url(self) -> str:
        """PostgreSQL as superuser, at the database `postgres`."""
        return self.infrastructure.postgres.url

    @property
    def rabbitmq_url(self) -> str:
        """The broker, with credentials."""
        return self.infrastructure.rabbitmq.url

    @property
    def rabbitmq_api_url(self) -> str:
        """RabbitMQ's management interface, with credentials."""
        return self.infrastructure.rabbitmq.api_url

    @property
    def redis_url(self) -> str:
        """Redis, with its password."""
        return self.infrastructure.redis.url

    @property
    def bucket_url(self) -> str:
        """The S3 server's bucket, with key and secret."""
        return self.infrastructure.storage.bucket_url

    def url_of(self, service: str) -> str:
        """Return where a service listens, for calls that do not go through the gateway."""
        return self._fleet.url_of(service)

    def env_of(self, service: str) -> dict[str, str]:
        """Return the whole environment that a service is started with."""
        return self._fleet.env_of(service)

    def log_of(self, name: str) -> Path:
        """Return the log file of a service or server."""
        return self.processes.log_of(name)

    # Inside

    def _start_all(self) -> None:
        self._launch_servers()
        self.infrastructure.create_roles()
        self._say("migrating")
        self._fleet.migrate()
        self._ports.settle()  # what was free some seconds ago may not be any more
        self._ports.check_gateway()
        self._say(f"starting {', '.join(BY_NAME)}")
        for name in BY_NAME:
            self._fleet.launch(name)
        self.wait_ready()

    def _start_servers(self, *, roles: bool) -> None:
        self._launch_servers()
        if roles:
            self.infrastructure.create_roles()
        self.infrastructure.rabbitmq.wait()

    def _launch_servers(self) -> None:
        if not self.infrastructure.is_alive:
            self._fleet.stop_all()  # the addresses that they know may be about to change
        self.infrastructure.prepare()
        self._ports.settle()
        self._say("starting PostgreSQL, RabbitMQ, Redis and the S3 server")
        self.infrastructure.launch()

    def _until_ports_are_had(self, start: Callable[[], None]) -> None:
        """Start, again on other ports where another program was quicker; all or nothing."""
        for tries_left in reversed(range(_PORT_TRIES)):
            try:
                start()
            except NotReadyError:
                lost = self._ports.lost()
                self._stop()
                if not lost or not tries_left:
                    raise
                taken = ", ".join(map(str, lost))
                self._say(f"another program took port {taken} meanwhile: starting on others")
            except BaseException:
                self._stop()
                raise
            else:
                return

    def _stop(self) -> list[str]:
        running = self.processes.names()
        strays = self.processes.end_strays()
        self._fleet.stop_all()
        if self.infrastructure.is_settled:
            self.infrastructure.stop()
        self.processes.end_strays()
        self._ports.release_gateway()
        return [*running, *([f"forgotten processes: {strays}"] if strays else [])]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep a second start or stop of the same stack out, and make its folders."""
        self.local.mkdir(parents=True, exist_ok=True)
        if self.local.stat().st_uid != os.geteuid():
            raise StackError(f"{self.local} belongs to another user; run as that user.")
        self.local.chmod(0o755)
        self.processes.records.mkdir(exist_ok=True)
        self.processes.logs.mkdir(exist_ok=True)
        refusal = f"The stack in {self.local} is being started or stopped by another command."
        with held(self.local / "lock", refusal):
            yield
