"""Runs `make test`: servers of its own, pytest in two parts, one exit code.

A test that starts or stops whole stacks can't share servers with one that uses them.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.stack.coverage import Coverage
from deploy.stack.locks import LOCK, held
from deploy.stack.log import say
from deploy.stack.stack import Stack

# These start whole stacks and stop servers, so they run one after the other, and alone.
SERIAL_ROOMS = ("tests/e2e", "tests/resilience")
LOCAL = Path(".local/test")

# Not tests: `make bench`.
_LEFT_OUT = ("tests/benchmarks",)
# `loadgroup`: tests marked with one xdist_group share a worker, the others go where there is room.
_WORKERS = ("-n", "2", "--dist", "loadgroup")
_BLANKS = re.compile(r"\s+(?![^\[]*\])")
_SERIAL = "serial"
_NOTHING_COLLECTED = 5  # pytest's own exit code for it


@dataclass(frozen=True, slots=True)
class Part:
    """Describes one run of pytest: name, paths, arguments, and whether to measure it."""

    name: str
    paths: tuple[str, ...]
    options: tuple[str, ...] = ()
    is_measured: bool = False


def run(root: Path, target: str, options: Sequence[str] = (), *, is_measured: bool = False) -> int:
    """Run the tests at `target` and return the exit code.

    `target` is paths and test ids with blanks between.

    All that they need is started first under `.local/test`, and removed in the end. With
    `is_measured` only what two workers share is run, and what it reaches of the code is judged; of
    the whole suite that is judged in any case.

    Raises:
        StackError: another run is under way here, or the infrastructure did not start.
    """
    folder = root / LOCAL
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder / LOCK, f"Another `make test` is running in {root}."):
        with servers(root, LOCAL) as addresses:
            chosen = measured(parts(root, target), options, is_asked=is_measured)
            coverage = Coverage(root, folder / "coverage")
            coverage.clear()
            codes = [_run_part(addresses, part, options, coverage) for part in chosen]
        if any(part.is_measured for part in chosen) and not any(codes):
            codes.append(coverage.judge())
        if len(chosen) > 1:
            say(summary(_report(root, part) for part in chosen))
    return max(codes, default=_NOTHING_COLLECTED)


@contextmanager
def servers(root: Path, local: Path) -> Iterator[Mapping[str, str]]:
    """Run what tests need under `local`, empty; yield the variables that name it.

    Raises:
        StackError: it did not start.
    """
    _reset_all(root, local)
    try:
        stack = Stack(root, local, say=say)
        stack.start_infrastructure(roles=False)
        yield {
            "SALDO_TEST_POSTGRES": stack.postgres_url,
            "SALDO_TEST_RABBITMQ": stack.rabbitmq_url,
            "SALDO_TEST_RABBITMQ_API": stack.rabbitmq_api_url,
            "SALDO_TEST_REDIS": stack.redis_url,
            "SALDO_TEST_STORAGE": stack.bucket_url,
        }
    finally:
        _reset_all(root, local)


def parts(root: Path, target: str) -> list[Part]:
    """Split what is asked for into what two workers may share and what must run alone."""
    asked = {word: _path(root, word) for word in targets(root, target)}
    if "tests" in asked.values():
        serial = tuple(room for room in SERIAL_ROOMS if any((root / room).rglob("test_*.py")))
        ignored = tuple(f"--ignore={room}" for room in (*SERIAL_ROOMS, *_LEFT_OUT))
        shared_by_two = Part("parallel", ("tests",), (*_WORKERS, *ignored), is_measured=True)
        both = [shared_by_two, Part(_SERIAL, serial)]
        return [part for part in both if part.paths]
    alone = tuple(word for word, path in asked.items() if _is_serial(path))
    shared = tuple(word for word in asked if word not in alone)
    is_file = [asked[word].endswith(".py") for word in shared] == [True]
    both = [Part("chosen", shared, () if is_file else _WORKERS), Part(_SERIAL, alone)]
    return [part for part in both if part.paths]


def measured(chosen: list[Part], options: Sequence[str], *, is_asked: bool) -> list[Part]:
    """Return the parts to run: where coverage is asked for, only those it measures."""
    if is_asked:
        return [replace(part, is_measured=True) for part in chosen if part.name != _SERIAL]
    # Arguments as `-k name` leave tests out.
    return [replace(part, is_measured=part.is_measured and not options) for part in chosen]


def targets(root: Path, target: str) -> list[str]:
    """Split `target` at its blanks, except within a path or the brackets of an id."""
    words = [target] if (root / target).exists() else _BLANKS.split(target)
    return [word for word in words if word] or ["tests"]


def _path(root: Path, target: str) -> str:
    """Return the path of a target as seen from the root of the clone."""
    return os.path.relpath(root / target.split("::", 1)[0], root)


def _is_serial(path: str) -> bool:
    return any(path == room or path.startswith(f"{room}/") for room in SERIAL_ROOMS)


def summary(reports: Iterable[Path]) -> str:
    """Add JUnit reports up into one line like pytest's own.

    A missing report counts as an error.
    """
    total: Counter[str] = Counter()
    seconds = 0.0
    for report in reports:
        if not report.is_file():
            total["errors"] += 1
            continue
        for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 (pytest wrote it)
            counts = {name: int(suite.get(name, 0)) for name in ("failures", "errors", "skipped")}
            total.update(counts)
            total["passed"] += int(suite.get("tests", 0)) - sum(counts.values())
            seconds += float(suite.get("time", 0))
    named = {"failures": "failed", "passed": "passed", "skipped": "skipped", "errors": "errors"}
    counted = ", ".join(f"{total[key]} {name}" for key, name in named.items() if total[key])
    return f"==== both parts: {counted or 'nothing ran'} in {seconds:.0f} s ===="


def _run_part(
    addresses: Mapping[str, str], part: Part, options: Sequence[str], coverage: Coverage
) -> int:
    root = coverage.root
    report = _report(root, part)
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", *part.options, *part.paths]
    environment = {
        **os.environ,
        **addresses,
        **(coverage.environment if part.is_measured else {}),
    }
    say(f"pytest {' '.join(part.paths)}")
    return subprocess.run(
        [*command, f"--junit-xml={report}", *options], cwd=root, env=environment, check=False
    ).returncode


def _report(root: Path, part: Part) -> Path:
    return root / LOCAL / f"report-{part.name}.xml"


def _reset_all(root: Path, local: Path) -> None:
    """Remove our infrastructure, and every stack that an interrupted test left behind."""
    for state in sorted((root / local).rglob("stack.json")):
        Stack(root, state.parent.relative_to(root)).reset()
