"""Owns the three servers of one stack as a whole: their folders, ports, and order of starting."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.stack import postgres, rabbitmq, redis
from deploy.stack.accounts import UnixAccount, account_for, can_enter, give
from deploy.stack.parallel import together
from deploy.stack.ports import is_free, settle
from deploy.stack.postgres import Postgres
from deploy.stack.processes import Processes
from deploy.stack.rabbitmq import RabbitMQ
from deploy.stack.redis import Redis
from deploy.stack.services import SERVICES
from deploy.stack.state import StackState

ROLES_SCRIPT = Path(__file__).parents[1] / "postgres" / "roles.sql"

# Port → the process that listens there.
_PORTS = {
    "postgres": postgres.NAME,
    "rabbitmq": rabbitmq.NAME,
    "rabbitmq_api": rabbitmq.NAME,
    "rabbitmq_distribution": rabbitmq.NAME,
    "epmd": rabbitmq.EPMD,
    "redis": redis.NAME,
}
_ACCOUNTS = {
    postgres.NAME: postgres.ACCOUNTS,
    rabbitmq.NAME: rabbitmq.ACCOUNTS,
    redis.NAME: redis.ACCOUNTS,
}


@dataclass(slots=True)
class Infrastructure:
    """The three servers of a stack; `preferred` ports are taken where they are free."""

    state: StackState
    processes: Processes
    preferred: Mapping[str, int]

    @property
    def postgres(self) -> Postgres:
        """The database server, as last settled."""
        account = _account(postgres.NAME)
        return Postgres(
            self.processes,
            self._folder(postgres.NAME),
            self.state.ports["postgres"],
            self.state.secret("postgres"),
            account,
        )

    @property
    def rabbitmq(self) -> RabbitMQ:
        """The broker, as last settled."""
        ports = self.state.ports
        return RabbitMQ(
            self.processes,
            self._folder(rabbitmq.NAME),
            rabbitmq.Ports(
                ports["rabbitmq"],
                ports["rabbitmq_api"],
                ports["rabbitmq_distribution"],
                ports["epmd"],
            ),
            self.state.secret("rabbitmq"),
            _account(rabbitmq.NAME),
        )

    @property
    def redis(self) -> Redis:
        """The cache, as last settled."""
        return Redis(
            self.processes,
            self._folder(redis.NAME),
            self.state.ports["redis"],
            self.state.secret("redis"),
            _account(redis.NAME),
        )

    @property
    def server_names(self) -> frozenset[str]:
        """The names of the servers' processes."""
        return frozenset(_PORTS.values())

    @property
    def is_alive(self) -> bool:
        """Whether all three run (not: whether they are ready)."""
        return all(self.processes.is_alive(name) for name in _ACCOUNTS)

    def settle(self) -> None:
        """Choose folders and ports, keeping those of earlier runs that still serve."""
        if self.state.data is None:
            self.state.data = _choose_data_folder(self.state)
        _make(self.state.data, 0o755)
        for name in _ACCOUNTS:
            folder = self._folder(name)
            _make(folder, 0o700)
            give(folder, _account(name))
            self.state.secret(name)
        self._role_passwords()
        self._settle_ports()
        self.state.save()

    def launch(self) -> None:
        """Start all three; PostgreSQL and Redis are ready on return, RabbitMQ takes longer."""
        if not self.processes.is_alive(rabbitmq.NAME):
            self.rabbitmq.launch()
        together(self.processes, [self._start_postgres, self._start_redis])

    def create_roles(self) -> None:
        """Create the services' database, schemas and roles, or bring them up to date."""
        self.postgres.run_script(ROLES_SCRIPT, self._role_passwords())

    def wait(self) -> None:
        """Wait until RabbitMQ is ready too."""
        self.rabbitmq.wait()

    def stop(self) -> None:
        """End all three in an orderly way, at once."""
        together(self.processes, [self.rabbitmq.stop, self.postgres.stop, self.redis.stop])

    def discard(self) -> None:
        """End all three without care for their data, which is removed."""
        self.rabbitmq.kill()
        self.postgres.stop("immediate")
        self.redis.stop()
        self.remove_data()

    def remove_data(self) -> None:
        """Remove the data of all three."""
        if self.state.data is not None:
            shutil.rmtree(self.state.data, ignore_errors=True)

    def is_settled(self) -> bool:
        """Say whether folders and ports were chosen at some time."""
        return self.state.data is not None and _PORTS.keys() <= self.state.ports.keys()

    def lost_ports(self) -> list[int]:
        """Return the ports of servers that do not run, and on which somebody else listens now."""
        return [
            self.state.ports[port]
            for port, owner in _PORTS.items()
            if port in self.state.ports
            and not self.processes.is_alive(owner)
            and not is_free(self.state.ports[port])
        ]

    def _start_postgres(self) -> None:
        if not self.processes.is_alive(postgres.NAME):
            self.postgres.start()

    def _start_redis(self) -> None:
        if not self.processes.is_alive(redis.NAME):
            self.redis.start()

    def _role_passwords(self) -> dict[str, str]:
        passwords = {}
        for service in SERVICES:
            if "postgres" in service.needs:
                role, owner = service.name, f"{service.name}_owner"
                passwords[f"{service.prefix}_DATABASE_PASSWORD"] = self.state.secret(role)
                passwords[f"{service.prefix}_OWNER_PASSWORD"] = self.state.secret(owner)
        return passwords

    def _settle_ports(self) -> None:
        for port, owner in _PORTS.items():
            if not self.processes.is_alive(owner):
                settle(self.state.ports, port, self.preferred.get(port))

    def _folder(self, server: str) -> Path:
        if self.state.data is None:
            raise RuntimeError("settle() comes first")
        return self.state.data / server


def _account(server: str) -> UnixAccount | None:
    return account_for(server, _ACCOUNTS[server])


def _choose_data_folder(state: StackState) -> Path:
    """Return a folder that all accounts can enter, inside of the clone where possible.

    A clone under /root or in a fresh `mktemp -d` is closed to the accounts that the servers run
    under, and RabbitMQ's scripts do not bear a blank in a path.
    """
    inside = state.local / f"data-{state.stack_id}"
    _make(inside, 0o755)
    accounts = [account for name in _ACCOUNTS if (account := _account(name)) is not None]
    has_blank = any(character.isspace() for character in str(inside))
    if not has_blank and all(can_enter(inside, account) for account in accounts):
        return inside
    inside.rmdir()
    parent = "/var/lib" if os.geteuid() == 0 else "/var/tmp"  # noqa: S108 (mkdtemp is safe there)
    outside = Path(tempfile.mkdtemp(prefix="saldo-", dir=parent))
    (outside / "OWNER").write_text(
        f"Data of the stack in {state.local}; `make reset` removes it.\n"
    )
    return outside


def _make(folder: Path, mode: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)
