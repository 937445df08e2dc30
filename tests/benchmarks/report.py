"""The result of a run: rows printed as they come, with every round's figure kept as JSON."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = float(os.environ.get("SECONDS", "8"))


@dataclass(frozen=True, slots=True)
class Figures:
    """One figure by the rounds that gave it; shown as median (least to most)."""

    values: Sequence[float]
    form: str = "{:,.2f}"

    def __str__(self) -> str:
        least, middle, most = (
            self.form.format(one) for one in (min(self.values), self.median, max(self.values))
        )
        return middle if len(self.values) == 1 else f"{middle} ({least} to {most})"

    @property
    def median(self) -> float:
        """What is shown first."""
        return statistics.median(self.values)


def ratio(over: Sequence[float], under: Sequence[float]) -> Figures:
    """Return how many times the other side's figure each round's is."""
    return Figures([a / b for a, b in zip(over, under, strict=True)])


async def in_turn(*sides: Callable[[], Awaitable[float]]) -> list[list[float]]:
    """Run the sides one after the other, several rounds; returns each side's figures."""
    figures: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS):
        for position, side in enumerate(sides):
            figures[position].append(await side())
    return figures


@dataclass
class Table:
    """Rows of the result: what, figure, yardstick, ratio, target.

    Attributes:
        facts: What was there: the commit, the machine, its load, the yardstick of CPU.
        section: Which one adds rows now.
        rows: All so far; `values` are those of the ratio, or of the figure where there is none.
        broken: The sections that ended in an error.
    """

    facts: dict[str, Any] = field(default_factory=dict)
    section: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def head(self) -> None:
        """Print what was there, and the head of the table."""
        _say("\n".join(f"{name}: {fact}" for name, fact in self.facts.items()))
        say_line("what", "Saldo", "yardstick", "ratio: median (least to most)", "target")
        say_line(*["---"] * 5)

    def add(
        self,
        what: str,
        figure: Figures | str,
        yardstick: str = "",
        over: Figures | str = "",
        target: str = "(no target)",
    ) -> None:
        """Add and print a row."""
        kept = over if isinstance(over, Figures) else figure
        shown = {"figure": str(figure), "yardstick": yardstick, "ratio": str(over)}
        values = list(kept.values) if isinstance(kept, Figures) else None
        row = {"section": self.section, "what": what, **shown, "target": target, "values": values}
        self.rows.append(row)
        say_line(what, *shown.values(), target)

    def write(self, path: Path) -> None:
        """Write all of it as JSON."""
        path.write_text(json.dumps({**self.facts, "rows": self.rows}, indent=1) + "\n")
        _say(f"written to {path}")


def surroundings(root: Path) -> dict[str, Any]:
    """Return what a figure depends on beside the code, and which code it is."""
    asked = ("git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12")
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - git
    return {
        "commit": answer.stdout.strip(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": f"{platform.platform()}, {os.cpu_count()} cores, {_processor()}",
        "python": f"{platform.python_version()} at {Path(sys.executable).resolve()}",
        "load": [round(one, 2) for one in os.getloadavg()],
        "rounds": ROUNDS,
    }


def _processor() -> str:
    """Return what the processor is called, as far as Linux says so."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def say_line(*cells: str) -> None:
    """Print a row of a table."""
    _say("| " + " | ".join(cells) + " |")


def _say(text: object) -> None:
    print(text, flush=True)  # noqa: T201 - it is a report
