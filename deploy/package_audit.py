"""Asks whether a locked package has a known hole, for `make check`.

pip-audit asks the feed of PyPI. Where that can't be reached, as behind a mirror that has packages
alone, nothing is asked, and that is said.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx

from deploy.bootstrap import LOCKS, ROOT

_FEED: Final = "https://pypi.org/pypi/{}/{}/json"
_PIN: Final = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
_PATIENCE: Final = 5  # seconds


def main() -> None:
    """Fail where a package that runs in production has a known hole."""
    lock = ROOT / LOCKS["runtime"]
    if not is_reachable(lock):
        print("packages: not audited, as the feed of known holes can't be reached from here")
        return
    program = Path(sys.executable).parent / "pip-audit"
    audit = (program, "--disable-pip", "--require-hashes", "--requirement", lock)
    sys.exit(subprocess.run(audit, cwd=ROOT, check=False).returncode)


def is_reachable(lock: Path) -> bool:
    """Tell whether the feed knows the first package of a lock.

    A mirror may answer, and know none.
    """
    pin = _PIN.search(lock.read_text(encoding="utf-8"))
    if pin is None:
        return False
    try:
        answer = httpx.get(_FEED.format(*pin.groups()), timeout=_PATIENCE)
        return "vulnerabilities" in answer.json()
    except (httpx.HTTPError, ValueError):
        return False


if __name__ == "__main__":
    main()
