import socket
from collections.abc import Iterator

import pytest
from deploy.stack.ports import QUIET_PORTS, is_free, is_open, settle


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_with_a_server_on_it_is_not_free(taken: int) -> None:
    assert not is_free(taken)
    assert is_open(taken)


def test_a_port_is_not_free_where_somebody_listens_on_every_address() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104 (the case in question)
        assert not is_free(server.getsockname()[1])


def has_ipv6_loopback() -> bool:
    """Many containers have IPv6 in their kernel and no address of it."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6_loopback(), reason="nobody can listen on ::1 here")
def test_a_port_is_not_free_where_somebody_listens_by_ipv6_alone() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        assert not is_free(server.getsockname()[1])


def test_a_port_left_a_moment_ago_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        server.accept()[0].close()
    assert is_free(port)
    assert not is_open(port)


def test_the_preferred_port_is_taken_where_it_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    ports = {"redis": 20_001}
    settle(ports, "redis", preferred=free)
    assert ports == {"redis": free}


def test_the_last_port_is_kept_where_nothing_is_preferred() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        last = server.getsockname()[1]
    ports = {"redis": last}
    settle(ports, "redis")
    assert ports == {"redis": last}


def test_another_port_is_chosen_where_both_belong_to_others(taken: int) -> None:
    ports = {"redis": taken, "epmd": taken}
    settle(ports, "redis", preferred=taken)
    assert ports["redis"] in QUIET_PORTS
    assert ports["epmd"] == taken


def test_two_names_never_get_one_port() -> None:
    ports: dict[str, int] = {}
    settle(ports, "epmd")
    settle(ports, "redis", preferred=ports["epmd"])
    assert ports["redis"] != ports["epmd"]
