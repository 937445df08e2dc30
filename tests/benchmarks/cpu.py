"""CPU time of a stack's processes with their children; the machine's other work changes it least.

Reads /proc, so it knows nothing anywhere but on Linux.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from deploy.stack.processes import Processes

_TICKS = os.sysconf("SC_CLK_TCK")


def used(processes: Processes, names: tuple[str, ...]) -> dict[str, float]:
    """Return the seconds used so far by each of these, and by this process as "bench"."""
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

    seconds = {"bench": time_of_this_process()}
    for name in names:
        identity = processes.identity_of(name)
        seconds[name] = whole(identity.pid) / _TICKS if identity else 0.0
    return seconds


def time_of_this_process() -> float:
    """Return the seconds that this process itself has used."""
    times = os.times()
    return times.user + times.system


def per_item(before: Mapping[str, float], after: Mapping[str, float], count: int) -> str:
    """Say what each process has used for one item of `count`, in microseconds."""
    spent = {name: (after[name] - before[name]) / count * 1e6 for name in after}
    return ", ".join(f"{name} {micros:.0f}" for name, micros in spent.items())
