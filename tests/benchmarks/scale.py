"""More replicas of a service: throughput, and CPU for each transfer and payment."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NamedTuple
from uuid import UUID

from deploy.stack import Stack
from deploy.stack.services import ROOMY_LIMITS
from tests.benchmarks import cpu, payments, wallet_core
from tests.benchmarks.programs import LOCAL, ROOT
from tests.benchmarks.report import Table

SHAPES: Final[tuple[Mapping[str, int], ...]] = (
    {"wallet": 1},
    {"wallet": 2},
    {"wallet": 4},
    {"wallet": 2, "payments": 2},
)


class _Seen(NamedTuple):
    transfers: float  # a second
    settled: float
    micros: float  # of CPU for a transfer, of all wallets and PostgreSQL
    errors: int


async def measure(seconds: float, transfers: int, table: Table) -> None:
    """Add a row for each shape, beside the first; each has servers and tables of its own."""
    first: _Seen | None = None
    for shape in SHAPES:
        with _running(shape) as stack:
            seen = await _figures(stack, shape, seconds, transfers)
        first = first or seen
        what = ", ".join(f"{count} × {name}" for name, count in shape.items())
        beside = f"1 × wallet {first.transfers:,.0f}/s"
        more = f"{seen.transfers / first.transfers:.2f}; {seen.micros:.0f} µs of CPU for one"
        table.add(f"transfers, {what}", f"{seen.transfers:,.0f}/s", beside, more)
        beside = f"1 × wallet {first.settled:,.0f}/s"
        more = f"{seen.settled / first.settled:.2f}; {seen.errors} errors"
        table.add(f"… settled payments, {what}", f"{seen.settled:,.0f}/s", beside, more)


@contextmanager
def _running(shape: Mapping[str, int]) -> Iterator[Stack]:
    stack = Stack(root=ROOT, local=LOCAL / "scale", settings=ROOMY_LIMITS, replicas=shape)
    try:
        stack.reset()
        stack.start()
        yield stack
    finally:
        stack.reset()


async def _figures(stack: Stack, shape: Mapping[str, int], seconds: float, transfers: int) -> _Seen:
    everybody = await payments.people(stack.gateway_url, 33)
    saldo = f"{stack.postgres_url.rsplit('/', 1)[0]}/saldo"
    core = wallet_core.Core(stack.rabbitmq_url, saldo, partitions=shape)
    owners = await core.fund(UUID(everybody[0].user_id))
    await core.run(owners, transfers // 4, hot=False)  # warm-up
    movers = ["postgres", *(name for name in stack.services if name.startswith("wallet"))]
    before = cpu.used(stack.processes, movers)
    rate = await core.run(owners, transfers, hot=False)
    spent = sum(cpu.spent(before, cpu.used(stack.processes, movers)).values())
    await asyncio.sleep(2)  # finance reads what was moved
    await payments.run(stack.gateway_url, payments.spread(everybody), 3)  # warm-up
    settled = await payments.run(stack.gateway_url, payments.spread(everybody), seconds)
    return _Seen(rate, settled.rate, spent / transfers * 1e6, len(settled.errors))
