"""Where the stack's PostgreSQL is reached: by its Unix socket where there can be one."""

import socket
from pathlib import Path

import pytest
from deploy.stack.postgres import Postgres, socket_folder
from deploy.stack.processes import Processes
from deploy.stack.state import StackState

PORT = 25_432


@pytest.fixture
def postgres(tmp_path: Path) -> Postgres:
    state = StackState.open(tmp_path)
    state.data = tmp_path
    state.ports["postgres"] = PORT
    (tmp_path / "postgres").mkdir()
    return Postgres(Processes("some", tmp_path, tmp_path), state)


def test_it_is_reached_by_its_socket(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(postgres.data)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f".s.PGSQL.{PORT}")
        place = postgres.place_of("saldo")
    assert place == f"/saldo?host={postgres.data}&port={PORT}"


def test_it_is_reached_by_tcp_where_it_has_made_no_socket(postgres: Postgres) -> None:
    assert postgres.place_of("saldo") == f"127.0.0.1:{PORT}/saldo"


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("/srv/saldo", '"/srv/saldo"'),
        ("/srv/a b", '"/srv/a b"'),
        ("/srv/a, b", ""),
        ('/srv/"a"', ""),
        ("/srv/" + "x" * 83, '"/srv/' + "x" * 83 + '"'),
        ("/srv/" + "x" * 84, ""),
        ("/srv/" + "й" * 42, ""),
    ],
)
def test_it_makes_none_where_the_path_is_too_long_or_is_a_list(folder: str, told: str) -> None:
    assert socket_folder(Path(folder), PORT) == told
