"""Owns the choice of TCP ports on the loopback interface; does not remember them (see state)."""

import errno
import secrets
import socket

# Below the range from which Linux takes the local ends of outgoing connections (32768 and up),
# so that a port stays ours between two runs.
QUIET_PORTS = range(20_000, 32_000)
_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_REFUSALS = {errno.EADDRINUSE, errno.EACCES}
_ATTEMPTS = 1_000


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
    """Put a free port for `name` into `ports`: the preferred one, else its last, else any.

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
