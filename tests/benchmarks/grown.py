"""What payments, transfers, reads and lists cost once there are years of them."""

import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import asyncpg
from deploy.stack import Stack
from deploy.stack.services import ROOMY_LIMITS
from tests.benchmarks import cost, cpu, lists, movements, payments, reads, wallet_core, years
from tests.benchmarks.programs import LOCAL, ROOT
from tests.benchmarks.report import ROUNDS, Figures, Table

from testkit.people import Person

ENTRIES: Final = int(os.environ.get("ENTRIES", "10000000"))
TRANSFERS: Final = 20_000
# Of all ages, once there are years: their pages are not at hand then.
OWNERS: Final = min(10_000, ENTRIES // 100)
FUNDS_MINOR: Final = 100
MOVERS: Final = ("wallet", "finance", "postgres")
CLIENTS: Final = 33
_OLD: Final = """
SELECT owner_id FROM wallet.account WHERE kind = 'wallet' AND balance_minor >= 10000
ORDER BY random() LIMIT $1
"""
_MISBOOKED: Final = """
SELECT count(*) FROM wallet.account AS told
LEFT JOIN finance.account AS booked ON booked.wallet_id = told.id
WHERE told.kind = 'wallet' AND told.seq > 0
    AND (told.seq, told.balance_minor) IS DISTINCT FROM (booked.seq, booked.balance_minor)
"""
# What is better the higher it is; of all else less is better.
_RATES: Final = frozenset({"settled payments/s", "GET wallet/s", "transfers/s"})

Found = dict[str, list[float]]


async def measure(seconds: float, table: Table) -> None:
    """Add what all this costs on a stack of its own before there are years, and after."""
    stack = Stack(root=ROOT, local=LOCAL / "grown", settings=ROOMY_LIMITS)
    try:
        stack.reset()  # also what a run that was broken off has left
        stack.start()
        await _measure(stack, seconds, table)
    finally:
        stack.reset()


async def _measure(stack: Stack, seconds: float, table: Table) -> None:
    saldo = f"{stack.postgres_url.rpartition('/')[0]}/saldo"
    core = wallet_core.Core(stack.rabbitmq_url, saldo)
    everybody = await payments.people(stack.gateway_url, CLIENTS)
    owners = await core.fund(UUID(everybody[0].user_id), OWNERS, FUNDS_MINOR)
    small = await _figures(stack, everybody, seconds)
    small |= await _moved(stack, core, owners, saldo)
    began = time.monotonic()
    await years.fill(saldo, years.Size.of(ENTRIES), years.bar)
    table.add(f"{ENTRIES:,} entries written", f"{time.monotonic() - began:,.0f} s")
    everybody = await payments.people(stack.gateway_url, CLIENTS)  # tokens are over by now
    large = await _figures(stack, everybody, seconds)
    async with _asking(saldo) as connection:
        old = [UUID(bytes=row["owner_id"].bytes) for row in await connection.fetch(_OLD, OWNERS)]
    large |= await _moved(stack, core, old, saldo)
    for what, before in small.items():
        after, least = Figures(large[what]), Figures(before)
        over = least.median / after.median if what in _RATES else after.median / least.median
        table.add(f"… {what}", after, f"before {least}", f"{over:.2f}", "≤ 1.3")
    async with _asking(saldo) as connection:
        wrong = str(await connection.fetchval(_MISBOOKED))
    table.add("… wallets that books show otherwise", wrong, target="0")


async def _figures(stack: Stack, everybody: Sequence[Person], seconds: float) -> Found:
    url, person = stack.gateway_url, everybody[0]
    path, _ = await reads.own_wallet(url, person.token)
    await payments.run(url, payments.spread(everybody), 3)  # warm-up
    found: Found = {}
    for _ in range(ROUNDS):
        rate, spent = await cost.micros_of_each(stack, everybody, seconds / 2)
        await movements.all_booked(f"{stack.postgres_url.rpartition('/')[0]}/saldo")
        latency = await payments.pay_latency(url, payments.Pair(everybody[0], everybody[1]), 200)
        read = await reads.run(url, path, person.token, seconds / 4)
        each = {
            "µs of CPU for one settled payment": sum(spent.values()),
            "… of PostgreSQL": spent["postgres"],
            "settled payments/s": rate,
            "pay → paid, p50, ms": latency.percentile(0.5),
            "… p99, ms": latency.percentile(0.99),
            "GET wallet/s": read.rate,
        }
        of_lists = await lists.run(url, person)
        for what, value in (each | {f"{one}, ms": took for one, took in of_lists.items()}).items():
            found.setdefault(what, []).append(value)
    return found


async def _moved(stack: Stack, core: wallet_core.Core, owners: Sequence[UUID], saldo: str) -> Found:
    """Return what transfers between these owners cost until they are in their books."""
    await core.run(owners, TRANSFERS, hot=False)  # warm-up: each of them has moved something
    found: Found = {}
    for _ in range(ROUNDS):
        await movements.all_booked(saldo)
        before = cpu.used(stack.processes, MOVERS)
        rate = await core.run(owners, TRANSFERS, hot=False)
        await movements.all_booked(saldo)
        spent = cpu.spent(before, cpu.used(stack.processes, MOVERS))
        micros = {name: seconds / TRANSFERS * 1e6 for name, seconds in spent.items()}
        each = {"µs of CPU for one transfer": sum(micros.values()), "transfers/s": rate}
        for what, value in (each | {f"… of {name}": one for name, one in micros.items()}).items():
            found.setdefault(what, []).append(value)
    return found


@asynccontextmanager
async def _asking(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(admin_url)
    try:
        yield connection
    finally:
        await connection.close()
