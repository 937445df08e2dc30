"""Folders of processes that work on files: gone with them, however they end."""

import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from finance.files.folders import remove_lost_folders, work_folder

_OWNER = """
from finance.files.folders import work_folder
with work_folder() as folder:
    (folder / "rows").write_text("some")
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_at_the_end_with_what_is_in_it(scratch: Path) -> None:
    with work_folder() as folder:
        (folder / "rows").write_text("some")
        assert list(scratch.iterdir()) == [folder]
    assert list(scratch.iterdir()) == []


def test_a_folder_of_a_killed_process_is_removed_and_no_other(scratch: Path) -> None:
    (scratch / "another").mkdir()
    command = [sys.executable, "-c", _OWNER]
    with work_folder() as own, Popen(command, stdin=PIPE, stdout=PIPE) as it:  # noqa: S603 - above
        assert it.stdout is not None
        its = Path(it.stdout.readline().decode().strip())
        remove_lost_folders()
        assert {*scratch.iterdir()} == {own, its, scratch / "another"}
        it.kill()
        it.wait()
        assert its.exists()
        remove_lost_folders()
        assert {*scratch.iterdir()} == {own, scratch / "another"}
