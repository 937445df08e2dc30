import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy.stack.errors import NotReadyError, StackError
from deploy.stack.identity import ProcessIdentity, identify, is_running, listens
from deploy.stack.processes import Processes, Program, waited


def script(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


SLEEP = script("import time; time.sleep(60)")
DEAF = script("""
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
""")
THREADED = script("""
import threading, time
for _ in range(30):
    threading.Thread(target=time.sleep, args=[60], daemon=True).start()
print("started", flush=True)
time.sleep(60)
""")
PARENT = script("""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
""")
WAIT = 20.0


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(f"test-{os.getpid()}", tmp_path / "records", tmp_path / "logs")
    made.records.mkdir()
    made.logs.mkdir()
    yield made
    for name in made.names():
        made.end(name, signal.SIGKILL, WAIT)


@pytest.fixture
def stranger() -> Iterator[ProcessIdentity]:
    with subprocess.Popen(SLEEP) as process:  # noqa: S603 (our own sleep)
        identity = identify(process.pid)
        assert identity is not None
        yield identity
        process.kill()


def program(name: str, command: tuple[str, ...], folder: Path) -> Program:
    return Program(name, command, {"PATH": os.environ["PATH"]}, folder)


def test_a_started_process_is_alive_and_ends_when_asked(
    processes: Processes, tmp_path: Path
) -> None:
    processes.start(program("one", SLEEP, tmp_path))
    assert processes.names() == ["one"]
    processes.end("one", signal.SIGTERM, WAIT)
    assert processes.names() == []
    assert list(processes.records.iterdir()) == []


def test_a_record_whose_process_has_ended_is_dropped(processes: Processes, tmp_path: Path) -> None:
    processes.start(program("one", script(""), tmp_path))
    assert waited(lambda: not processes.is_alive("one"), WAIT)
    assert list(processes.records.iterdir()) == []


def test_a_stranger_under_a_recorded_pid_is_never_signalled(
    processes: Processes, stranger: ProcessIdentity
) -> None:
    record = {"stack": processes.stack_id, "pid": stranger.pid, "born": "another boot:1"}
    (processes.records / "one.json").write_text(json.dumps(record))
    assert not processes.is_alive("one")
    processes.end("one", signal.SIGKILL, WAIT)
    assert is_running(stranger)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "null"])
def test_a_record_that_was_cut_short_is_no_record(processes: Processes, text: str) -> None:
    (processes.records / "one.json").write_text(text)
    assert processes.names() == []


def test_who_does_not_hear_is_killed(processes: Processes, tmp_path: Path) -> None:
    processes.start(program("deaf", DEAF, tmp_path))
    assert waited(lambda: "deaf" in processes.tail("deaf"), WAIT)
    processes.end("deaf", signal.SIGTERM, patience_seconds=0.2)
    assert not processes.is_alive("deaf")


def test_a_paused_process_can_be_ended(processes: Processes, tmp_path: Path) -> None:
    processes.start(program("one", SLEEP, tmp_path))
    identity = processes.identity_of("one")
    assert identity is not None
    os.kill(identity.pid, signal.SIGSTOP)
    processes.end("one", signal.SIGTERM, WAIT)
    assert not processes.is_alive("one")


def test_the_children_of_an_ended_process_end_too(processes: Processes, tmp_path: Path) -> None:
    processes.start(program("parent", PARENT, tmp_path))
    assert waited(lambda: processes.tail("parent").strip().isdigit(), WAIT)
    child = identify(int(processes.tail("parent")))
    assert child is not None
    processes.end("parent", signal.SIGKILL, WAIT)
    assert waited(lambda: not is_running(child), WAIT)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_whose_record_was_lost_is_found_and_ended(
    processes: Processes, tmp_path: Path
) -> None:
    processes.start(program("lost", SLEEP, tmp_path))
    processes.start(program("kept", PARENT, tmp_path))
    assert waited(lambda: processes.tail("kept").strip().isdigit(), WAIT)
    lost = processes.identity_of("lost")
    (processes.records / "lost.json").unlink()
    assert processes.end_strays() == 1
    assert lost is not None
    assert not is_running(lost)
    assert processes.names() == ["kept"]


def test_a_failed_run_is_told_with_its_last_lines(processes: Processes, tmp_path: Path) -> None:
    command = script("print('no such table'); raise SystemExit(3)")
    with pytest.raises(
        NotReadyError, match=r"(?s)migration failed with exit code 3.*no such table"
    ):
        processes.run(program("migration", command, tmp_path))


def test_a_process_that_ends_before_it_is_ready_is_told(
    processes: Processes, tmp_path: Path
) -> None:
    processes.start(program("one", script("print('bad settings')"), tmp_path))
    with pytest.raises(NotReadyError, match=r"(?s)one ended before it was ready.*bad settings"):
        processes.wait_until("one", lambda: False, WAIT, "was not ready")


def test_a_process_that_is_never_ready_is_told(processes: Processes, tmp_path: Path) -> None:
    processes.start(program("one", SLEEP, tmp_path))
    with pytest.raises(NotReadyError, match="one was not ready within 0 s"):
        processes.wait_until("one", lambda: False, 0.1, "was not ready")


def test_waiting_can_be_given_up(processes: Processes, tmp_path: Path) -> None:
    processes.start(program("one", SLEEP, tmp_path))
    processes.abandon()
    with pytest.raises(StackError, match="given up"):
        processes.wait_until("one", lambda: False, WAIT, "was not ready")


def test_the_log_of_the_former_run_is_kept(processes: Processes, tmp_path: Path) -> None:
    for text in ("first", "second"):
        processes.run(program("one", script(f"print('{text}')"), tmp_path))
    assert processes.log_of("one").read_text() == "second\n"
    assert processes.log_of("one").with_suffix(".log.1").read_text() == "first\n"


def test_nobody_is_who_has_ended_even_where_nobody_reaped_it() -> None:
    with subprocess.Popen(script("")) as zombie:  # noqa: S603 (our own)
        os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
        assert identify(zombie.pid) is None


def test_a_killed_process_is_gone_with_all_its_threads(
    processes: Processes, tmp_path: Path
) -> None:
    for _ in range(10):
        processes.start(program("one", THREADED, tmp_path))
        assert waited(lambda: "started" in processes.tail("one"), WAIT)
        identity = processes.identity_of("one")
        assert identity is not None
        processes.end("one", signal.SIGKILL, WAIT)
        with pytest.raises(ProcessLookupError):
            os.kill(identity.pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_who_listens_on_a_port_can_be_told(stranger: ProcessIdentity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listens(os.getpid(), port)
        assert not listens(stranger.pid, port)
    assert not listens(os.getpid(), port)
