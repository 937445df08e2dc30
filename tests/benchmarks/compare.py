"""``make bench-compare``: two runs side by side, and which differences are more than noise.

A run is a file that `make bench` has written, or a commit, which is checked out and measured here.
The noise of a row is what its own rounds differ by.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.programs import LOCAL, ROOT
from tests.benchmarks.report import ROUNDS, Figures, say_line

FOLDER = ROOT / ".local" / "compare"
BENCHMARKS = "tests/benchmarks"
SECTIONS = ("cost",)  # of commits, where none are named: it differs least with the machine

Key = tuple[str, str]
Rows = dict[Key, list[float]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What the rounds of two runs say about one row."""

    first: Sequence[float]
    second: Sequence[float]

    @property
    def times(self) -> Figures:
        """How many times the first run's figure the second's is, and what it is at the bounds."""
        least = min(self.second) / max(self.first)
        most = max(self.second) / min(self.first)
        middle = Figures(self.second).median / Figures(self.first).median
        return Figures([least, middle, most])

    @property
    def is_noise(self) -> bool | None:
        """Whether both runs have figures in one range; None where one round says nothing of it."""
        if min(len(self.first), len(self.second)) < 2:
            return None
        return max(self.first) >= min(self.second) and max(self.second) >= min(self.first)

    @property
    def verdict(self) -> str:
        """Say it in a word."""
        return {None: "one round: unknown", True: "noise"}.get(
            self.is_noise, "less" if self.times.median < 1 else "more"
        )


def rows_of(run: Mapping[str, Any]) -> Rows:
    """Return section and name → the figures of each round, of the rows that have any."""
    return {
        (row["section"], row["what"]): row["values"]
        for row in run["rows"]
        if row["values"] and all(row["values"])
    }


def together(runs: Sequence[Rows]) -> Rows:
    """Return the rounds of several runs as those of one, of the rows that all have."""
    return {key: [one for run in runs for one in run[key]] for key in runs[0] if _in_all(key, runs)}


def _in_all(key: Key, runs: Sequence[Rows]) -> bool:
    return all(key in run for run in runs)


def show(first: Rows, second: Rows) -> None:
    """Print the rows that both have."""
    say_line("what", "A: median (least to most)", "B", "B ÷ A (at the bounds)", "")
    say_line(*["---"] * 5)
    for (section, what), values in first.items():
        if (others := second.get((section, what))) is not None:
            found = Difference(values, others)
            sides = (str(Figures(values)), str(Figures(others)))
            say_line(f"{section}: {what}", *sides, str(found.times), found.verdict)


def measured(checkout: Path, sections: Sequence[str]) -> Rows:
    """Measure a checkout once, with a round of each section."""
    say = ["env", "ROUNDS=1", str(checkout / ".venv/bin/python"), "-m", "tests.benchmarks"]
    _run([*say, *sections], checkout)
    newest = max((checkout / LOCAL).glob("[0-9]*.json"))
    return rows_of(json.loads(newest.read_text()))


def check_out(commit: str) -> Path:
    """Return a clone of its own at a commit, set up, with the benchmarks of this one.

    Both sides are measured in one way, and also a commit that had no such benchmarks.
    """
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short=12", f"{commit}^{{commit}}"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - git
    if answer.returncode != 0:
        sys.exit(f"{commit} is neither a file nor a commit")
    clone = FOLDER / answer.stdout.strip()
    if not clone.exists():
        _run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(clone)], ROOT)
    _run(["git", "checkout", "--quiet", "--force", "--detach", clone.name], clone)
    shutil.rmtree(clone / BENCHMARKS)
    shutil.copytree(ROOT / BENCHMARKS, clone / BENCHMARKS)
    _run(["deploy/bootstrap.sh", "dev"], clone)
    return clone


def _run(command: Sequence[str], folder: Path) -> None:
    if subprocess.run(command, cwd=folder, check=False).returncode != 0:  # noqa: S603 - our own
        sys.exit(f"`{' '.join(command)}` failed in {folder}")


def main(sides: Sequence[str], sections: Sequence[str]) -> None:
    """Read both, or measure both in turn, and show them."""
    if all(Path(one).is_file() for one in sides):
        show(*(rows_of(json.loads(Path(one).read_text())) for one in sides))
        return
    clones = [check_out(one) for one in sides]
    turns: list[list[Rows]] = [[], []]
    for _ in range(ROUNDS):
        for clone, side in zip(clones, turns, strict=True):
            side.append(measured(clone, sections or SECTIONS))
    show(*map(together, turns))


if __name__ == "__main__":
    main(sys.argv[1:3], sys.argv[3:])
