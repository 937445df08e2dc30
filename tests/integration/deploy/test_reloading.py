"""`make dev`: a service that starts anew when a file of it changes, wherever the clone lies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from deploy.bootstrap import ROOT
from deploy.stack.commands import reloading
from deploy.stack.identity import identify
from deploy.stack.processes import waited

WAIT = 30.0
PROGRAM = """\
#!/bin/sh
echo "$@" >>"$(dirname "$0")/started"
echo $$ >"$(dirname "$0")/new" && mv "$(dirname "$0")/new" "$(dirname "$0")/pid"
exec sleep 600
"""
RUNNER = """
import os, sys
from deploy.stack.commands import attended
from deploy.stack.signals import interruptible
interruptible()
sys.exit(attended(sys.argv[1:], os.environ))
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with a blank in its path, and in it a Python that notes what it was told to run."""
    folder = tmp_path / "a b"
    (folder / "wallet").mkdir(parents=True)
    (folder / "libs").mkdir()
    python = folder / "python"
    python.write_text(PROGRAM)
    python.chmod(0o755)
    return folder


def test_a_service_is_run_and_run_anew_where_the_clones_path_has_a_blank(clone: Path) -> None:
    started = clone / "started"

    def lines() -> list[str]:
        return started.read_text().splitlines() if started.exists() else []

    folders = (clone / "wallet", clone / "libs")
    command = reloading(str(clone / "python"), "wallet", folders)
    with subprocess.Popen(command) as watching:  # noqa: S603 (what `make dev` starts)
        try:
            assert waited(lambda: lines() == ["-m wallet all"], WAIT)
            for folder in folders:
                before = len(lines())
                assert waited(lambda: _changed(folder) and len(lines()) > before, WAIT)  # noqa: B023
        finally:
            watching.send_signal(signal.SIGINT)
    assert set(lines()) == {"-m wallet all"}


def test_what_a_service_started_ends_with_the_command_that_only_the_runner_heard_of(
    clone: Path,
) -> None:
    command = reloading(str(clone / "python"), "wallet", (clone / "wallet",))
    runner = [sys.executable, "-c", RUNNER, *command]
    with subprocess.Popen(runner, cwd=ROOT, env=os.environ) as running:  # noqa: S603 (as above)
        assert waited((clone / "pid").exists, WAIT)
        running.send_signal(signal.SIGTERM)
        assert running.wait(WAIT) == 0
    pid = int((clone / "pid").read_text())
    assert waited(lambda: identify(pid) is None, WAIT)


def _changed(folder: Path) -> bool:
    """Change a file: again and again, as the watcher may not be looking yet."""
    with (folder / "module.py").open("a") as file:
        file.write("\n")
    return True
