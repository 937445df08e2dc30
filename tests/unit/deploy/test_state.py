import shutil
import stat
from pathlib import Path

import pytest
from deploy.stack.errors import StackError
from deploy.stack.state import StackState, write_private


def test_what_was_saved_is_there_again(tmp_path: Path) -> None:
    state = StackState.open(tmp_path)
    state.ports["redis"] = 20_001
    state.data = tmp_path / "data"
    password = state.secret("redis")
    state.save()
    assert StackState.open(tmp_path) == state
    assert StackState.open(tmp_path).secret("redis") == password


def test_nobody_else_can_read_the_passwords(tmp_path: Path) -> None:
    StackState.open(tmp_path).secret("redis")
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600


def test_passwords_differ_and_are_long(tmp_path: Path) -> None:
    state = StackState.open(tmp_path)
    made = {state.secret(name) for name in ("auth", "wallet", "payments")}
    assert len(made) == 3
    assert min(map(len, made)) >= 32


def test_a_copied_folder_is_a_new_stack(tmp_path: Path) -> None:
    original = StackState.open(tmp_path / "original")
    (tmp_path / "original").mkdir()
    original.ports["redis"] = 20_001
    original.secret("redis")
    shutil.copytree(tmp_path / "original", tmp_path / "copy")
    copy = StackState.open(tmp_path / "copy")
    assert copy.stack_id != original.stack_id
    assert (copy.ports, copy.secrets, copy.data) == ({}, {}, None)


def test_a_damaged_file_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{")
    with pytest.raises(StackError, match="make reset"):
        StackState.open(tmp_path)


def test_a_draft_left_by_a_crash_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "conf.draft").write_text("half")
    write_private(tmp_path / "conf", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["conf"]
    assert (tmp_path / "conf").read_text() == "whole"
