import shutil
import signal
import sys
from pathlib import Path

from deploy.stack import Stack
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
