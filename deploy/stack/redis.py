"""Starts a stack's private Redis, and tells when it is ready."""

import shutil
import socket
from typing import ClassVar

from deploy.stack.errors import StackError
from deploy.stack.server import PrivateServer

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


class Redis(PrivateServer):
    """Runs one server; ended in an orderly way, it has on disk what it held."""

    name: ClassVar = "redis"
    accounts: ClassVar = ("redis", "nobody")

    @property
    def url(self) -> str:
        """The address that services connect to."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def launch(self) -> None:
        """Start it without waiting for it."""
        program = shutil.which("redis-server")
        if program is None:
            raise StackError("Redis is not installed.")
        text = _CONFIGURATION.format(port=self.port, password=self.password, data=self.data)
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
