"""Owns how much of the code the tests must reach: the measuring, and the gates."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.stack.log import say

# Of which files how many percent must be reached; of everything together pyproject.toml says it.
# Kit stands at 99, not 100: some of its branches are races that not every run meets.
GATES: Final[Mapping[str, int]] = {"libs/kit/kit/*": 99, "services/*/*/domain/*": 100}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests of one run have reached of the code at `root`, kept in `folder`.

    Attributes:
        gates: Of which files how many percent of lines and branches must be reached.
    """

    root: Path
    folder: Path
    gates: Mapping[str, int] = field(default_factory=lambda: GATES)

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes every Python process measure itself, pytest's workers among them."""
        return {
            "COVERAGE_PROCESS_START": str(self.root / "pyproject.toml"),
            "COVERAGE_FILE": str(self._data),
        }

    def clear(self) -> None:
        """Forget what an earlier run has reached."""
        for path in self.folder.glob("*"):
            path.unlink()

    def judge(self) -> int:
        """Print what was not reached; return 0 where it is little enough."""
        self._run("combine", "--quiet", str(self.folder))
        codes = [self._run("report")]
        for files, percent in self.gates.items():
            say(f"\n{files}: {percent} %")
            codes.append(self._run("report", f"--include={files}", f"--fail-under={percent}"))
        return max(codes)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, verb: str, *words: str) -> int:
        command = [sys.executable, "-m", "coverage", verb, f"--data-file={self._data}", *words]
        return subprocess.run(command, cwd=self.root, check=False).returncode
