import os
from pathlib import Path

import pytest
from deploy.stack.accounts import account_for, can_enter
from deploy.stack.errors import StackError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="what holds for a normal user")


@as_user
def test_a_normal_user_runs_the_servers_itself() -> None:
    assert account_for("PostgreSQL", ["postgres"]) is None


@as_root
def test_root_takes_the_first_account_that_there_is() -> None:
    account = account_for("Redis", ["nobody-has-this-name", "nobody"])
    assert account is not None
    assert account.name == "nobody"
    assert account.uid != 0


@as_root
def test_root_runs_no_server_as_root() -> None:
    with pytest.raises(StackError, match="must not run as root"):
        account_for("PostgreSQL", ["nobody-has-this-name"])


@as_root
def test_a_closed_folder_above_keeps_an_account_out(tmp_path: Path) -> None:
    account = account_for("Redis", ["nobody"])
    assert account is not None
    inside = tmp_path / "closed" / "inside"
    inside.mkdir(parents=True, mode=0o755)
    (tmp_path / "closed").chmod(0o700)
    assert not can_enter(inside, account)
    assert can_enter(Path("/"), account)
