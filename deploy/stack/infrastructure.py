"""Starts and ends the servers of one stack together, and places their data."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from deploy.stack.accounts import can_enter
from deploy.stack.postgres import Postgres
from deploy.stack.processes import Processes
from deploy.stack.rabbitmq import EPMD, RabbitMQ
from deploy.stack.redis import Redis
from deploy.stack.server import make_folder
from deploy.stack.services import SERVICES
from deploy.stack.state import StackState
from deploy.stack.storage import StorageServer

ROLES_SCRIPT = Path(__file__).parents[1] / "postgres" / "roles.sql"

# Port → the process that listens there.
LISTENERS = {
    "postgres": Postgres.name,
    "rabbitmq": RabbitMQ.name,
    "rabbitmq_api": RabbitMQ.name,
    "rabbitmq_distribution": RabbitMQ.name,
    "epmd": EPMD,
    "redis": Redis.name,
    "storage": StorageServer.name,
}
PROCESSES = frozenset(LISTENERS.values())


class Infrastructure:
    """Runs PostgreSQL, RabbitMQ, Redis and the S3 server of one stack."""

    def __init__(self, state: StackState, processes: Processes) -> None:
        self._state = state
        self._processes = processes
        self.postgres = Postgres(processes, state)
        self.rabbitmq = RabbitMQ(processes, state)
        self.redis = Redis(processes, state)
        self.storage = StorageServer(processes, state)
        self._servers = (self.postgres, self.rabbitmq, self.redis, self.storage)

    @property
    def is_alive(self) -> bool:
        """Whether all of them run (not: whether they are ready)."""
        return all(server.is_alive for server in self._servers)

    @property
    def is_settled(self) -> bool:
        """Whether folders and ports were chosen at some time."""
        return self._state.data is not None and LISTENERS.keys() <= self._state.ports.keys()

    def prepare(self) -> None:
        """Choose where the data is, once, and make folders and passwords."""
        if self._state.data is None:
            self._state.data = self._choose_folder()
        make_folder(self._state.data, 0o755)
        for server in self._servers:
            server.prepare()
        self._state.save()

    def launch(self) -> None:
        """Start what does not run; RabbitMQ alone is not ready on return."""
        starts = (
            self.postgres.start,
            self.rabbitmq.launch,
            self.redis.start,
            self.storage.start,
        )
        self._processes.together(
            [
                start
                for server, start in zip(self._servers, starts, strict=True)
                if not server.is_alive
            ]
        )

    def create_roles(self) -> None:
        """Create the services' database, schemas and roles, or bring them up to date."""
        passwords = {}
        for service in SERVICES:
            for role, kind in zip(service.roles, ("DATABASE", "OWNER"), strict=False):
                passwords[f"{service.prefix}_{kind}_PASSWORD"] = self._state.secret(role)
        self.postgres.run_script(ROLES_SCRIPT, passwords)

    def stop(self) -> None:
        """End all of them in an orderly way, at once."""
        self._processes.together([server.stop for server in self._servers])

    def discard(self) -> None:
        """End all of them without care for their data, and remove it."""
        self.rabbitmq.stop(signal.SIGKILL)
        self.postgres.stop(signal.SIGQUIT)
        self.redis.stop()
        self.storage.stop(signal.SIGKILL)
        if self._state.data is not None:
            shutil.rmtree(self._state.data, ignore_errors=True)

    def _choose_folder(self) -> Path:
        """Return a folder that all accounts can enter, inside of the clone where possible.

        A clone under /root or in a fresh `mktemp -d` is closed to the accounts that the servers run
        under, and RabbitMQ's scripts do not bear a blank in a path.
        """
        inside = self._state.local / f"data-{self._state.stack_id}"
        make_folder(inside, 0o755)
        accounts = [server.account for server in self._servers]
        has_blank = any(character.isspace() for character in str(inside))
        if not has_blank and all(one is None or can_enter(inside, one) for one in accounts):
            return inside
        inside.rmdir()
        parent = "/var/lib" if os.geteuid() == 0 else "/var/tmp"  # noqa: S108 (mkdtemp is safe)
        outside = Path(tempfile.mkdtemp(prefix="saldo-", dir=parent))
        (outside / "OWNER").write_text(
            f"Data of the stack in {self._state.local}; `make reset` removes it.\n"
        )
        return outside
