"""Owns a stack's private RabbitMQ with its management interface, and the epmd that it needs.

Node name, cookie, ports and folders are the stack's own, so that any number live side by side.
"""

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.accounts import UnixAccount, give
from deploy.stack.environment import surroundings
from deploy.stack.errors import StackError
from deploy.stack.ports import is_open
from deploy.stack.processes import Processes, Program
from deploy.stack.state import write_private

NAME = "rabbitmq"
EPMD = "epmd"
ACCOUNTS = ("rabbitmq",)
USER = "saldo"

_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_EPMD_SECONDS = 10.0

# Debian's /usr/sbin/rabbitmq-server insists on the system's own log folder, so the script that it
# wraps comes first.
_SCRIPTS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server")

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {api_port}
default_user = {user}
default_pass = {password}
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 200MB
raft.wal_max_size_bytes = 67108864
"""


@dataclass(slots=True)
class Ports:
    """Where a node listens: AMQP, the management interface, Erlang distribution, epmd."""

    amqp: int
    api: int
    distribution: int
    epmd: int


@dataclass(slots=True)
class RabbitMQ:
    """One node with its data in `data`, run by `account`; `guest` does not exist on it."""

    processes: Processes
    data: Path
    ports: Ports
    password: str
    account: UnixAccount | None

    @property
    def url(self) -> str:
        """The address that services connect to."""
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.ports.amqp}/"

    @property
    def api_url(self) -> str:
        """The management interface with credentials, for tests."""
        return f"http://{USER}:{self.password}@127.0.0.1:{self.ports.api}"

    @property
    def _booted_once(self) -> Path:
        return self.data / "booted-once"

    def launch(self) -> None:
        """Start epmd and the node, without waiting for the node."""
        if not self._booted_once.exists():
            shutil.rmtree(self.data / "mnesia", ignore_errors=True)  # a first boot was cut short
        self._start_epmd()
        self._configure()
        self.processes.start(self._program(NAME, [_server_script()]))

    def wait(self) -> None:
        """Wait until the node takes connections; its listener opens as the last thing of a boot.

        Raises:
            NotReadyError: it ended, or took longer than two minutes.
        """
        self.processes.wait_until(NAME, self.is_ready, _START_SECONDS, "took no connection")
        self._booted_once.touch()

    def is_ready(self) -> bool:
        """Say whether it takes connections now."""
        return is_open(self.ports.amqp)

    def stop(self) -> None:
        """End the node in an orderly way, then epmd.

        A node that is still booting does not hear SIGTERM; it has taken no message yet.
        """
        number = signal.SIGTERM if self.is_ready() else signal.SIGKILL
        self.processes.end(NAME, number, _STOP_SECONDS)
        self.processes.end(EPMD, signal.SIGTERM, _EPMD_SECONDS)

    def kill(self) -> None:
        """End both at once; only for data that nobody needs any more, and for tests of that."""
        self.processes.end(NAME, signal.SIGKILL, _EPMD_SECONDS)
        self.processes.end(EPMD, signal.SIGKILL, _EPMD_SECONDS)

    def _start_epmd(self) -> None:
        """Start our own epmd: one started by the node would outlive it, and serve everybody."""
        if self.processes.is_alive(EPMD):
            return
        command = [_epmd(), "-address", "127.0.0.1", "-port", str(self.ports.epmd)]
        self.processes.start(self._program(EPMD, command))
        self.processes.wait_until(
            EPMD, lambda: is_open(self.ports.epmd), _EPMD_SECONDS, "took no connection"
        )

    def _configure(self) -> None:
        configuration = _CONFIGURATION.format(
            port=self.ports.amqp, api_port=self.ports.api, user=USER, password=self.password
        )
        for name, text in (
            ("rabbitmq.conf", configuration),
            ("enabled_plugins", "[rabbitmq_management].\n"),
        ):
            write_private(self.data / name, text)
            give(self.data / name, self.account)

    def _program(self, name: str, command: list[str]) -> Program:
        local_only = "-kernel inet_dist_use_interface {127,0,0,1}"
        own = {
            "HOME": str(self.data),  # where the cookie is
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.data / "advanced.config"),
            # With input allowed the script becomes the node instead of watching over it as a
            # child, so that the pid that we signal is the node's.
            "RABBITMQ_ALLOW_INPUT": "true",
            "RABBITMQ_CONFIG_FILE": str(self.data / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.data / "enabled_plugins"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.data / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.data / "config"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.data / "log"),
            "RABBITMQ_MNESIA_BASE": str(self.data / "mnesia"),
            "RABBITMQ_NODENAME": f"saldo-{self.processes.stack_id}@localhost",
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(self.data / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-noinput {local_only}",
        }
        return Program(name, command, surroundings() | own, self.data, self.account)


def _server_script() -> str:
    for script in _SCRIPTS:
        if Path(script).exists():
            return script
    on_path = shutil.which("rabbitmq-server")
    if on_path is None:
        raise StackError("RabbitMQ is not installed.")
    return on_path


def _epmd() -> str:
    on_path = shutil.which("epmd")
    if on_path is not None:
        return on_path
    for place in ("usr/lib/erlang", "opt/homebrew/opt/erlang/lib/erlang"):
        for program in Path("/").glob(f"{place}/erts-*/bin/epmd"):
            return str(program)
    raise StackError("epmd, which comes with Erlang, is not installed.")
