"""Chooses the account that a server runs under where the runner is root.

PostgreSQL refuses to run as root, and in containers and CI one often is root.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.errors import StackError


@dataclass(frozen=True, slots=True)
class UnixAccount:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


def account_for(server: str, names: Sequence[str]) -> UnixAccount | None:
    """Return the first account of `names` that exists.

    None where the runner is not root.

    Raises:
        StackError: the runner is root and none of the accounts exists.
    """
    if os.geteuid() != 0:
        return None
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return UnixAccount(name, entry.pw_uid, entry.pw_gid)
    raise StackError(
        f"{server} must not run as root, and none of these accounts exists: {', '.join(names)}. "
        "Run as a normal user instead."
    )


def can_enter(folder: Path, account: UnixAccount) -> bool:
    """Say whether `account` may pass through every folder down to `folder`."""
    answer = subprocess.run(
        ["test", "-x", str(folder)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        check=False,
        cwd="/",
    )
    return answer.returncode == 0


def give(path: Path, account: UnixAccount | None) -> None:
    """Make `account` the owner of `path`, where there is one to give it to."""
    if account is not None:
        os.chown(path, account.uid, account.gid)
