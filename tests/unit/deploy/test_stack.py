import shutil
import signal
import sys
from pathlib import Path

from deploy.stack import Stack
from deploy.stack.fleet import sockets_in
from deploy.stack.processes import Program
from deploy.stack.state import StackState


def test_a_copied_clone_ends_nothing_of_the_one_it_was_copied_from(tmp_path: Path) -> None:
    (tmp_path / "original" / ".local").mkdir(parents=True)
    StackState.new(tmp_path / "original" / ".local").save()
    original = Stack(tmp_path / "original")
    original.stop()  # makes the folders
    sleep = (sys.executable, "-c", "import time; time.sleep(60)")
    original.processes.start(Program("wallet", sleep, {}, tmp_path))
    try:
        shutil.copytree(tmp_path / "original", tmp_path / "copy")
        copy = Stack(tmp_path / "copy")
        assert copy.stop() == []
        copy.reset()
        assert original.processes.is_alive("wallet")
    finally:
        original.processes.end("wallet", signal.SIGKILL, 20.0)


def test_a_reset_leaves_no_sockets_of_services(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    folder = Path(sockets_in(stack.local))
    folder.mkdir(parents=True)
    (folder / "8102").touch()  # left by a service that was killed
    stack.reset()
    assert not folder.exists()


def test_services_get_sockets_unless_their_folder_is_too_deep_for_any() -> None:
    assert sockets_in(Path("/srv/saldo")) == "/srv/saldo/sockets"
    longest = Path("/", "x" * 88)
    assert sockets_in(longest) == f"{longest}/sockets"
    assert sockets_in(Path("/", "x" * 89)) == ""
    assert sockets_in(Path("/", "й" * 45)) == ""
