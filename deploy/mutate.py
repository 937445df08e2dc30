"""Owns `make mutate`: breaks code place by place; a test must fail each time.

mutmut makes the mutants and runs the tests. Here it is given what it wants, a folder where paths
are the names of modules, and servers where tests need them. What survives is held against
`tests/survivors.toml`.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg

from deploy import venvs
from deploy.bootstrap import LOCKS, ROOT, SOURCES
from deploy.stack.errors import StackError
from deploy.stack.locks import LOCK, held
from deploy.stack.log import say
from deploy.stack.suite import servers

FOLDER: Final = ROOT / ".local" / "mutate"
SURVIVORS: Final = ROOT / "tests" / "survivors.toml"
_VENV: Final = FOLDER / "venv"
_SERVERS: Final = FOLDER / "servers"
# A mutant that runs on is killed by its time: what its tests take, and what a busy machine adds.
_SETTINGS: Final = """
[tool.mutmut]
source_paths = ["{package}"]
only_mutate = {modules}
also_copy = {others}
pytest_add_cli_args = ["-p", "no:cacheprovider", "--hypothesis-profile=ci", {left_out}]
pytest_add_cli_args_test_selection = {tests}
timeout_constant = 10.0
timeout_multiplier = 3.0
# What is logged is read by people; no test holds its words, nor what they are told of.
do_not_mutate_patterns = ['\\blog\\.\\w+\\(', '^\\s*level\\($']
"""
# For each of many mutants: enough days to notice, and no long wait for what will never be.
_FEWER: Final = {"SALDO_SIMULATION_SEEDS": "20", "SALDO_TEST_LIMIT_SECONDS": "6"}
# What a crash would lose may be lost: each mutant makes a database and drops it.
_HASTY: Final = ("fsync", "full_page_writes", "synchronous_commit")
_KILLED: Final = frozenset({"killed", "timeout"})
_RESULT: Final = re.compile(r"^\s+(\S+): (.+)$", re.MULTILINE)
_NAME: Final = re.compile(r"^(?P<module>[\w.]+)\.x(?:_|ǁ(?P<owner>\w+)ǁ)(?P<function>\w+)__mutmut_")


class MutatedRoom(NamedTuple):
    """What is mutated together, the tests of it, and whether these need servers."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    needs_servers: bool = False


# They end a connection, or a run, at every place there is: for each of many mutants that is long.
LEFT_OUT: Final = tuple(
    f"tests/integration/kit/messaging/test_{name}.py" for name in ("crashes", "lost_connections")
)
_UNIT: Final = "tests/unit/kit/messaging"
_INTEGRATION: Final = "tests/integration/kit/messaging"


def _messaging(*modules: str) -> tuple[str, ...]:
    return tuple(f"kit/messaging/{module}.py" for module in modules)


ROOMS: Final = (
    MutatedRoom(
        "wallet/domain", ("wallet/domain/*.py",), ("tests/unit/wallet", "tests/property/wallet")
    ),
    MutatedRoom(
        "kit/saga/decide",
        ("kit/saga/decide.py",),
        ("tests/unit/kit/saga", "tests/property/kit/test_saga.py"),
    ),
    MutatedRoom(
        "kit/messaging",
        (
            *_messaging("acknowledgements", "cloudevents", "confirms", "decoder", "drain"),
            *_messaging("frames", "packing", "partitions", "rabbit", "routes", "settings"),
            *_messaging("topology", "undeliverable", "wire"),
            "kit/db/tail.py",
        ),
        (
            _UNIT,
            "tests/unit/kit/test_tail.py",
            "tests/property/kit/test_packing.py",
            "tests/property/kit/test_drain_simulation.py",
        ),
    ),
    MutatedRoom(
        "kit/messaging/sending",
        _messaging("outbox", "relay", "backlog", "replicas"),
        (_UNIT, _INTEGRATION),
        needs_servers=True,
    ),
    MutatedRoom(
        "kit/messaging/consuming",
        _messaging("consumer", "inbox", "retries", "dead_letters", "dead_letter_collector"),
        (_UNIT, _INTEGRATION),
        needs_servers=True,
    ),
)


class Mutant(NamedTuple):
    """Describes a change that no test noticed: its function, its line, its new text."""

    where: str
    line: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.where}\n    - {self.line}\n    + {self.becomes}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Survivors that nobody has explained, and explanations of what does not survive."""

    unexplained: list[Mutant]
    outdated: list[Mutant]


def main(asked: Sequence[str]) -> None:
    """Mutate the rooms asked for, or all; exit with 1 where something is left to do."""
    chosen = [room for room in ROOMS if room.name in asked] if asked else list(ROOMS)
    if len(chosen) < len(asked):
        sys.exit(f"Rooms are: {', '.join(room.name for room in ROOMS)}.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with held(FOLDER / LOCK, f"Another `make mutate` is running in {ROOT}."):
            judged = _mutate(chosen)
    except StackError as error:
        sys.exit(str(error))
    for title, found in (
        ("Survives, and is not explained in tests/survivors.toml", judged.unexplained),
        ("Explained in tests/survivors.toml, and does not survive", judged.outdated),
    ):
        if found:
            print(f"\n{title}:", *found, sep="\n")
    if judged.unexplained or judged.outdated:
        sys.exit(1)


def _mutate(rooms: Sequence[MutatedRoom]) -> Judgement:
    """Mutate rooms one after another, print what became of the mutants, and judge it."""
    venvs.install(_VENV, [ROOT / LOCKS["dev"], ROOT / "deploy" / "mutate.lock"])
    statuses: dict[str, str] = {}
    survivors: list[Mutant] = []
    with ExitStack() as stack:
        needs_servers = any(room.needs_servers for room in rooms)
        addresses = stack.enter_context(_servers()) if needs_servers else {}
        for room in rooms:
            found = _run(room, addresses)
            statuses |= found
            alive = [name for name, status in found.items() if status not in _KILLED]
            survivors += [_mutant(room, name) for name in alive]
    print(table(statuses))
    modules = {_parts(name)[0] for name in statuses}
    explained = read(SURVIVORS.read_text(encoding="utf-8"))
    here = Counter({one: count for one, count in explained.items() if _is_in(one, modules)})
    return judge(survivors, here)


def read(text: str) -> Counter[Mutant]:
    """Return the mutants that are explained, each as often as it is."""
    groups = tomllib.loads(text).get("explained", [])
    return Counter(Mutant(*one) for group in groups if group["why"] for one in group["mutants"])


def judge(survivors: Iterable[Mutant], explained: Counter[Mutant]) -> Judgement:
    """Compare survivors with explanations; of two equal mutants each needs its own."""
    alive = Counter(survivors)
    return Judgement(sorted((alive - explained).elements()), sorted((explained - alive).elements()))


def table(statuses: Mapping[str, str]) -> str:
    """Return how many mutants of each module there were, and what became of them."""
    counts: dict[str, Counter[str]] = {}
    for name, status in statuses.items():
        became = status if status in _KILLED else "survived"
        counts.setdefault(_parts(name)[0], Counter())[became] += 1
    rows = [
        f"{module:<36} {count.total():>7} {count['killed']:>7} {count['timeout']:>7} "
        f"{count['survived']:>8}"
        for module, count in sorted(counts.items())
    ]
    head = f"{'module':<36} {'mutants':>7} {'killed':>7} {'timeout':>7} {'survived':>8}"
    return "\n".join([head, *rows])


def _folder(room: MutatedRoom) -> Path:
    return FOLDER / room.name.replace("/", "-")


@contextmanager
def _servers() -> Iterator[Mapping[str, str]]:
    """Run the servers of `make test`, kept for all mutants; yield where they are."""
    with servers(ROOT, _SERVERS) as addresses:
        asyncio.run(_make_hasty(addresses["SALDO_TEST_POSTGRES"]))
        yield addresses


async def _make_hasty(url: str) -> None:
    connection = await asyncpg.connect(url)
    for name in _HASTY:
        await connection.execute(f"ALTER SYSTEM SET {name} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


def _run(room: MutatedRoom, addresses: Mapping[str, str]) -> dict[str, str]:
    """Run mutmut in a fresh folder, showing progress; return what became of mutants."""
    folder = _folder(room)
    _lay_out(folder, room)
    say(f"mutating {room.name} under {' '.join(room.tests)}")
    code = subprocess.run(
        # Whoever waits for servers leaves the processor to another.
        [_VENV / "bin" / "mutmut", "run", "--max-children", "2" if room.needs_servers else "1"],
        cwd=folder,
        env={**os.environ, **_FEWER, **addresses, "PYTHONPATH": str(folder / "mutants")},
        check=False,
    ).returncode
    if code != 0:
        sys.exit(f"mutmut ended with {code} in {folder}")
    return dict(_RESULT.findall(_mutmut(folder, "results", "--all", "true")))


def _lay_out(folder: Path, room: MutatedRoom) -> None:
    """Link our packages side by side: mutmut takes a file's path for a module's name."""
    shutil.rmtree(folder, ignore_errors=True)
    # Python takes no folder for its path that is not there when it starts.
    (folder / "mutants").mkdir(parents=True)
    packages = {Path(source).name: ROOT / source / Path(source).name for source in SOURCES[:-1]}
    packages |= {name: ROOT / name for name in ("deploy", "tests", ".env.example")}
    for name, there in packages.items():
        (folder / name).symlink_to(there)
    package = room.modules[0].partition("/")[0]
    settings = _SETTINGS.format(
        package=package,
        modules=list(room.modules),
        others=sorted(packages.keys() - {package}),
        tests=list(room.tests),
        left_out=", ".join(f'"--ignore={path}"' for path in LEFT_OUT),
    )
    ours = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(ours + settings, encoding="utf-8")


def _mutant(room: MutatedRoom, name: str) -> Mutant:
    """Read what a mutant changes out of mutmut's diff of its function."""
    module, function = _parts(name)
    lines = _mutmut(_folder(room), "show", name).splitlines()
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    before, after = (
        " ".join(line[1:].strip() for line in changed if line.startswith(sign)) for sign in "-+"
    )
    return Mutant(f"{module}.{function}", before, after)


def _mutmut(folder: Path, *words: str) -> str:
    return subprocess.run(
        [_VENV / "bin" / "mutmut", *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def _parts(name: str) -> tuple[str, str]:
    """Split mutmut's name of a mutant into module and function, with its class."""
    found = _NAME.match(name)
    if found is None:
        raise ValueError(f"not the name of a mutant: {name}")
    owner, function = found["owner"], found["function"]
    return found["module"], f"{owner}.{function}" if owner else function


def _is_in(mutant: Mutant, modules: Iterable[str]) -> bool:
    return any(mutant.where.startswith(f"{module}.") for module in modules)


if __name__ == "__main__":
    main(sys.argv[1:])
