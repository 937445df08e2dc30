"""``make profile``: where a service's time goes while payments are made, as a flame graph."""

import asyncio
import sys
from pathlib import Path

import uvloop
from deploy import venvs
from deploy.stack import Stack, StackError
from deploy.stack.services import BY_NAME
from tests.benchmarks import payments
from tests.benchmarks.programs import LOCAL, ROOT, bench_stack
from tests.benchmarks.report import SECONDS

_LOCK = ROOT / "deploy" / "bench.lock"
_RATE = 200  # samples a second


async def record(stack: Stack, service: str, spy: Path, graph: Path) -> None:
    """Sample a service from outside while 32 clients pay."""
    identity = stack.processes.identity_of(service)
    if identity is None:
        raise StackError(f"{service} does not run")
    everybody = payments.spread(await payments.people(stack.gateway_url, 33))
    await payments.run(stack.gateway_url, everybody, 3)  # warm-up
    sampling = await asyncio.create_subprocess_exec(
        *(str(spy), "record", "--pid", str(identity.pid), "--output", str(graph)),
        *("--duration", str(int(SECONDS)), "--rate", str(_RATE), "--threads", "--nonblocking"),
    )
    seen = await payments.run(stack.gateway_url, everybody, SECONDS + 1)
    if await sampling.wait() != 0:
        raise StackError("py-spy failed; it may have to be run as root to look into a process")
    print(f"{len(seen.took)} payments, {len(seen.errors)} errors; {graph}")  # noqa: T201 - told


def main(service: str) -> None:
    """Run a stack of its own, sample one of its services, and stop it."""
    if service not in BY_NAME:
        sys.exit(f"which service? S={'|'.join(BY_NAME)}")
    venv = ROOT / ".local" / "profile" / "venv"
    venvs.install(venv, [_LOCK])
    with bench_stack() as stack:
        graph = ROOT / LOCAL / f"{service}.svg"
        uvloop.run(record(stack, service, venv / "bin" / "py-spy", graph))


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except StackError as error:
        sys.exit(str(error))
