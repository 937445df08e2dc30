"""CPU time and memory of a stack's processes; the machine's other work changes them least.

Reads /proc, so it knows nothing anywhere but on Linux.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.stack.processes import Processes

_TICKS = os.sysconf("SC_CLK_TCK")
BENCH = "bench"


def used(processes: Processes, names: Iterable[str]) -> dict[str, float]:
    """Return the seconds used so far by each of these, and by this process as "bench".

    Those of their children are among them, also of those that have ended.
    """
    own: dict[int, int] = {}
    children = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        own[int(folder.name)] = sum(map(int, fields[11:15]))  # its own and of children that ended
        children[int(fields[1])].append(int(folder.name))

    def whole(pid: int) -> int:
        return own.get(pid, 0) + sum(whole(child) for child in children[pid])

    seconds = {BENCH: time_of_this_process()}
    for name in names:
        identity = processes.identity_of(name)
        seconds[name] = whole(identity.pid) / _TICKS if identity else 0.0
    return seconds


def of(pid: int) -> float:
    """Return the seconds used so far by one process without children, to the nanosecond."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


def time_of_this_process() -> float:
    """Return the seconds that this process itself has used."""
    times = os.times()
    return times.user + times.system


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds that each process of the stack has used in between, the most first."""
    used_up = {name: after[name] - before[name] for name in after if name != BENCH}
    return dict(sorted(used_up.items(), key=lambda one: -one[1]))


def per_item(before: Mapping[str, float], after: Mapping[str, float], count: int) -> str:
    """Say what each process has used for one item of `count`, in microseconds."""
    found = {name: (after[name] - before[name]) / count * 1e6 for name in after}
    return ", ".join(f"{name} {micros:.0f}" for name, micros in found.items())


def memory_mib(processes: Processes, name: str) -> float:
    """Return the memory of one process, with its share of what it shares with others (PSS)."""
    identity = processes.identity_of(name)
    if identity is None:
        raise RuntimeError(f"{name} does not run")
    rollup = Path(f"/proc/{identity.pid}/smaps_rollup").read_text()
    kibibytes = next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(kibibytes) / 1024
