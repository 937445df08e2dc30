"""Chooses a stack's TCP ports on the loopback interface; its state remembers them.

Any number of stacks live side by side, and each keeps its ports from run to run.
"""

import errno
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.stack.errors import StackError
from deploy.stack.processes import Processes
from deploy.stack.services import GATEWAY
from deploy.stack.state import StackState

# Below the range from which Linux takes the local ends of outgoing connections (32768 and up),
# so that a port stays ours between two runs.
QUIET_PORTS = range(20_000, 32_000)
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_REFUSALS = {errno.EADDRINUSE, errno.EACCES}
_ATTEMPTS = 1_000
LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class StackPorts:
    """Chooses the ports of one stack.

    Attributes:
        state: What remembers them.
        processes: What knows who runs: a running process keeps its ports.
        listeners: Port → the process that listens there.
        preferred: Ports to take where they are free.
        of_gateway: A port that the gateway must have; None takes any free one.
    """

    state: StackState
    processes: Processes
    listeners: Mapping[str, str]
    preferred: Mapping[str, int]
    of_gateway: int | None

    def check_gateway(self) -> None:
        """Check that the port the gateway must have is free, or the gateway's already.

        Raises:
            StackError: it belongs to another program, or the gateway runs on another one.
        """
        port = self.of_gateway
        if port is None:
            return
        if self.processes.is_alive(GATEWAY.name):
            present = self.state.ports.get(GATEWAY.name, port)
            if present != port:
                raise StackError(
                    f"The gateway runs on port {present}. To have it on {port}, "
                    f"end it first: make stop && make run GATEWAY_PORT={port}"
                )
        elif not is_free(port):
            other = port + 80 if port + 80 <= LAST_PORT else 8080
            raise StackError(
                f"Port {port} belongs to another program, and the gateway needs it. End that "
                f"program (find it with `ss -ltnp 'sport = :{port}'` or `lsof -i :{port}`), or "
                f"take another port: make run GATEWAY_PORT={other}"
            )

    def settle(self) -> None:
        """Choose the ports of what does not run, the gateway's before all others."""
        waiting = self._waiting()
        if self.of_gateway is not None and GATEWAY.name in waiting:
            self.state.ports[GATEWAY.name] = self.of_gateway
            waiting.remove(GATEWAY.name)
        for name in waiting:
            settle(self.state.ports, name, self.preferred.get(name))
        self.state.save()

    def lost(self) -> list[int]:
        """Return the ports of what does not run that other programs listen on now."""
        known = [self.state.ports[name] for name in self._waiting() if name in self.state.ports]
        return [port for port in known if not is_free(port)]

    def release_gateway(self) -> None:
        """Forget a port that the gateway had to have."""
        if self.of_gateway is not None and GATEWAY.name in self.state.ports:
            del self.state.ports[GATEWAY.name]
            self.state.save()

    def _waiting(self) -> list[str]:
        running = set(self.processes.names())
        return [name for name, process in self.listeners.items() if process not in running]


def is_free(port: int) -> bool:
    """Say whether a server could listen on `port` as localhost, by IPv4 and by IPv6."""
    return all(_can_bind(family, address, port) for family, address in _LOOPBACK)


def is_open(port: int, timeout_seconds: float = 1.0) -> bool:
    """Say whether something accepts connections on 127.0.0.1 at `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_seconds):
            return True
    except OSError:
        return False


def settle(ports: dict[str, int], name: str, preferred: int | None = None) -> None:
    """Put a free port for `name` into `ports`: the preferred, else its last, else any.

    Raises:
        OSError: there is no free port.
    """
    others = {port for other, port in ports.items() if other != name}
    for port in (preferred, ports.get(name)):
        if port is not None and port not in others and is_free(port):
            ports[name] = port
            return
    for _ in range(_ATTEMPTS):
        port = secrets.choice(QUIET_PORTS)
        if port not in others and is_free(port):
            ports[name] = port
            return
    raise OSError(errno.EADDRINUSE, "no free port between 20000 and 31999")


def _can_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        probe = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        return True  # this machine has no such family, so nobody is in the way there
    with probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno not in _REFUSALS
    return True
