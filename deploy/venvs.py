"""Owns the .venvs of single commands, for packages that no other command needs."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def install(venv: Path, locks: Sequence[Path]) -> None:
    """Make `venv` hold exactly what the locks name, where it does not yet."""
    mark = venv / "installed.lock"
    wanted = b"".join(lock.read_bytes() for lock in locks)
    if mark.exists() and mark.read_bytes() == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
    uv = Path(sys.executable).parent / "uv"
    files = [part for lock in locks for part in ("-r", lock)]
    python = venv / "bin" / "python"
    subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, "--require-hashes", *files], check=True
    )
    mark.write_bytes(wanted)
