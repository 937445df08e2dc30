"""Starts and ends a stack's private RabbitMQ, and the epmd that it needs.

Node name, cookie, ports and folders are the stack's own, so that any number live side by side.
"""

import shutil
import signal
from pathlib import Path
from typing import ClassVar

from deploy.stack.errors import StackError
from deploy.stack.ports import is_open
from deploy.stack.server import PrivateServer

EPMD = "epmd"
USER = "saldo"

# Of Erlang. One is hardly busy where PostgreSQL is wholly; several mostly wake each other.
# docker-compose.yml gives the same; tests/contract/deploy compares.
SCHEDULERS = "+S 1:1"

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


class RabbitMQ(PrivateServer):
    """Runs one node, on which `guest` does not exist."""

    name: ClassVar = "rabbitmq"
    accounts: ClassVar = ("rabbitmq",)

    @property
    def url(self) -> str:
        """The address that services connect to."""
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.port}/"

    @property
    def api_url(self) -> str:
        """The management interface with credentials, for tests."""
        return f"http://{USER}:{self.password}@127.0.0.1:{self.state.ports['rabbitmq_api']}"

    @property
    def _booted_once(self) -> Path:
        return self.data / "booted-once"

    def launch(self) -> None:
        """Start epmd and the node, without waiting for the node."""
        if not self._booted_once.exists():
            shutil.rmtree(self.data / "mnesia", ignore_errors=True)  # a first boot was cut short
        self._start_epmd()
        self.write("enabled_plugins", "[rabbitmq_management].\n")
        self.write(
            "rabbitmq.conf",
            _CONFIGURATION.format(
                port=self.port,
                api_port=self.state.ports["rabbitmq_api"],
                user=USER,
                password=self.password,
            ),
        )
        self.processes.start(self.program([_server_script()], self._environment()))

    def wait(self) -> None:
        """Wait until the node serves, and note that its first boot was a whole one."""
        super().wait()
        self._booted_once.touch()

    def is_ready(self) -> bool:
        """Say whether it takes connections, which is the last thing of a boot."""
        return is_open(self.port)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the node, then epmd.

        A node that is still booting does not hear SIGTERM; it has taken no message yet.
        """
        super().stop(number if self.is_ready() else signal.SIGKILL)
        self.processes.end(EPMD, number, _EPMD_SECONDS)

    def _start_epmd(self) -> None:
        """Start an epmd of our own.

        One started by the node would outlive it, and serve everybody.
        """
        if self.processes.is_alive(EPMD):
            return
        port = self.state.ports[EPMD]
        command = [_epmd(), "-address", "127.0.0.1", "-port", str(port)]
        self.processes.start(self.program(command, self._environment(), EPMD))
        self.processes.wait_until(EPMD, lambda: is_open(port), _EPMD_SECONDS, "took no connection")

    def _environment(self) -> dict[str, str]:
        local_only = "-kernel inet_dist_use_interface {127,0,0,1}"
        return {
            "HOME": str(self.data),  # where the cookie is
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.state.ports[EPMD]),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.data / "advanced.config"),
            # With input allowed the script becomes the node instead of watching over it as a
            # child, so that the pid that we signal is the node's.
            "RABBITMQ_ALLOW_INPUT": "true",
            "RABBITMQ_CONFIG_FILE": str(self.data / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(self.state.ports["rabbitmq_distribution"]),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.data / "enabled_plugins"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.data / "feature_flags"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.data / "config"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.data / "log"),
            "RABBITMQ_MNESIA_BASE": str(self.data / "mnesia"),
            "RABBITMQ_NODENAME": f"saldo-{self.state.stack_id}@localhost",
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(self.data / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-noinput {SCHEDULERS} {local_only}",
        }


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
