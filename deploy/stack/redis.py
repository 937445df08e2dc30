"""Starts a stack's private Redis, and tells when it is ready."""

import shutil
import socket
from typing import ClassVar
from urllib.parse import quote

from deploy.stack.errors import StackError
from deploy.stack.server import PrivateServer, fits_a_socket

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
# Empty: none.
unixsocket "{socket}"
unixsocketperm 700
requirepass {password}
dir "{data}"
appendonly yes
save ""
# A title would overwrite the start environment, by which a forgotten process is found.
set-proc-title no
"""


class Redis(PrivateServer):
    """Runs one server; ended in an orderly way, it has on disk what it held."""

    name: ClassVar = "redis"
    accounts: ClassVar = ("redis", "nobody")

    @property
    def url(self) -> str:
        """Its address, for people and tests."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def url_here(self) -> str:
        """Its address for who runs here: its Unix socket, where there can be one."""
        socket = self._socket
        return f"unix://:{self.password}@{quote(socket)}?db=0" if socket else self.url

    @property
    def _socket(self) -> str:
        path = self.data / "redis.sock"
        return str(path) if fits_a_socket(path) else ""

    def launch(self) -> None:
        """Start it without waiting for it."""
        program = shutil.which("redis-server")
        if program is None:
            raise StackError("Redis is not installed.")
        text = _CONFIGURATION.format(
            port=self.port, password=self.password, data=self.data, socket=self._socket
        )
        configuration = self.write("redis.conf", text)
        self.processes.start(self.program([program, str(configuration)], {}))

    def is_ready(self) -> bool:
        """Say whether it answers, and no longer that it is loading what it kept."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                answer = b"".join(iter(lambda: connection.recv(1024), b""))
        except OSError:
            return False
        return b"+PONG" in answer
