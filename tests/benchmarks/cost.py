"""What a settled payment costs, in CPU and in what servers are asked to do; what idling costs."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg
import httpx
from deploy.stack import Stack
from deploy.stack.services import BY_NAME
from tests.benchmarks import cpu, hello, payments
from tests.benchmarks.report import ROUNDS, Figures, Table

from testkit.people import Person

SETTLES_SECONDS = 10.0  # what came with the load has ended, and RabbitMQ has counted it
_COUNTED = "{:,.2f}"
# A backend writes its counters down a second after its last transaction at the latest.
_WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_user_tables"
_WAL = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
# A statement that is a transaction by itself commits without COMMIT: so payments are created.
_CALLED = """
SELECT coalesce(sum(calls) FILTER (WHERE query = 'COMMIT'), 0)::bigint AS commits,
    coalesce(sum(calls) FILTER (WHERE query NOT IN ('BEGIN', 'COMMIT', 'ROLLBACK')), 0)::bigint
    AS statements
FROM pg_stat_statements JOIN pg_roles ON pg_roles.oid = userid WHERE rolname <> 'postgres'
"""
# What is counted → the most of it that one payment may ask for.
TARGETS = {
    "statements": 4.5,
    "commits": 1.5,
    "rows written": 16.5,
    "WAL bytes": 7_800,
    "AMQP messages": 0.45,
}


async def of_a_payment(
    stack: Stack, everybody: Sequence[Person], seconds: float, table: Table
) -> None:
    """Add the CPU of all processes for one settled payment, and each one's part, in hellos."""
    names = stack.processes.names()
    totals, hellos = list[float](), list[float]()
    parts: dict[str, list[float]] = {name: [] for name in names}
    await payments.run(stack.gateway_url, payments.spread(everybody), 3)  # warm-up
    async with hello.said() as server:
        await hello.micros(server, 1)  # warm-up
        for _ in range(ROUNDS):
            before = await hello.micros(server, seconds / 2)
            _, micros = await micros_of_each(stack, everybody, seconds)
            yard = (before + await hello.micros(server, seconds / 2)) / 2
            hellos.append(yard)
            totals.append(sum(micros.values()))
            for name in names:
                parts[name].append(micros[name] / yard)
    whole = Figures([total / yard for total, yard in zip(totals, hellos, strict=True)], "{:.1f}")
    figure, yardstick = f"{Figures(totals).median:,.0f} µs", f"hello {_hello(hellos)}"
    table.add("CPU of one settled payment, in hellos", figure, yardstick, whole, "≤ 20")
    for name in sorted(names, key=lambda one: -Figures(parts[one]).median):
        part = Figures(parts[name], _COUNTED)
        if part.median >= 0.01:
            figure = f"{part.median * Figures(hellos).median:,.0f} µs"
            table.add(f"… of {name}", figure, "", part)


async def micros_of_each(
    stack: Stack, everybody: Sequence[Person], seconds: float
) -> tuple[float, dict[str, float]]:
    """Return the settled payments a second, and the CPU that each process uses for one."""
    names = stack.processes.names()
    before = cpu.used(stack.processes, names)
    measured = await payments.run(stack.gateway_url, payments.spread(everybody), seconds)
    after = cpu.used(stack.processes, names)
    if measured.errors:
        raise RuntimeError(measured.errors[0])
    spent = cpu.spent(before, after)
    micros = {name: used / len(measured.took) * 1e6 for name, used in spent.items()}
    return measured.rate, micros


def _hello(hellos: Sequence[float]) -> str:
    return f"{Figures(hellos, '{:.0f}')} µs"


async def in_counts(
    stack: Stack,
    everybody: Sequence[Person],
    seconds: float,
    table: Table,
    rounds: int = ROUNDS,
) -> None:
    """Add how much PostgreSQL and RabbitMQ are asked to do for one settled payment."""
    found: dict[str, list[float]] = {what: [] for what in TARGETS}
    async with _counting(stack) as connection:
        await payments.run(stack.gateway_url, payments.spread(everybody), 3)  # warm-up
        for _ in range(rounds):
            before = await _counts(stack, connection)
            measured = await payments.run(stack.gateway_url, payments.spread(everybody), seconds)
            if measured.errors:
                raise RuntimeError(measured.errors[0])
            after = await _counts(stack, connection)
            for what, values in found.items():
                values.append((after[what] - before[what]) / len(measured.took))
    for what, values in found.items():
        figures = Figures(values, "{:,.0f}" if what == "WAL bytes" else _COUNTED)
        table.add(f"{what} for one settled payment", figures, "", "", f"≤ {TARGETS[what]:,}")


@asynccontextmanager
async def _counting(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """Let PostgreSQL count statements meanwhile; it costs a start of the server, and some CPU."""
    url = stack.postgres_url
    await _restarted(stack, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    connection = await asyncpg.connect(f"{url.rpartition('/')[0]}/saldo")
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    try:
        yield connection
    finally:
        await connection.execute("DROP EXTENSION pg_stat_statements")
        await connection.close()
        await _restarted(stack, "ALTER SYSTEM RESET shared_preload_libraries")


async def _restarted(stack: Stack, setting: str) -> None:
    connection = await asyncpg.connect(stack.postgres_url)
    await connection.execute(setting)
    await connection.close()
    for step in (stack.infrastructure.postgres.stop, stack.infrastructure.postgres.start):
        await asyncio.to_thread(step)
    await asyncio.to_thread(stack.wait_ready)


async def _counts(stack: Stack, connection: asyncpg.Connection) -> Mapping[str, float]:
    await asyncio.sleep(SETTLES_SECONDS)
    called = await connection.fetchrow(_CALLED)
    async with httpx.AsyncClient() as http:
        overview = (await http.get(f"{stack.rabbitmq_api_url}/api/overview")).json()
    return {
        "statements": called["statements"],
        "commits": called["commits"],
        "rows written": await connection.fetchval(_WRITTEN),
        "WAL bytes": float(await connection.fetchval(_WAL)),
        "AMQP messages": overview["message_stats"]["publish"],
    }


async def of_idling(stack: Stack, seconds: float, table: Table) -> None:
    """Add the CPU of the stack that is asked for nothing, and the memory of its Python side."""
    await asyncio.sleep(SETTLES_SECONDS)
    names = stack.processes.names()
    first = before = cpu.used(stack.processes, names)
    shares = []
    for _ in range(ROUNDS):
        await asyncio.sleep(seconds)
        after = cpu.used(stack.processes, names)
        shares.append(sum(cpu.spent(before, after).values()) / seconds * 100)
        before = after
    by_process = {
        name: used / seconds / ROUNDS * 100 for name, used in cpu.spent(first, after).items()
    }
    table.add("CPU of the idle stack, % of a core", Figures(shares), _listed(by_process), "", "≤ 3")
    memory = _memory(stack)
    table.add(
        "memory of the idle services (PSS), MiB",
        Figures([sum(memory.values())], "{:.0f}"),
        _listed(memory),
        "",
        "≤ 500",
    )


async def in_memory(
    stack: Stack, everybody: Sequence[Person], count: int, seconds: float, table: Table
) -> None:
    """Add how much memory each service has after every quarter of so many settled payments."""
    await payments.run(stack.gateway_url, payments.spread(everybody), seconds)  # warm-up
    quarters = [_memory(stack)]
    done = 0
    for quarter in range(1, 5):
        while done < count * quarter / 4:
            measured = await payments.run(stack.gateway_url, payments.spread(everybody), seconds)
            if not measured.took:
                raise RuntimeError(measured.errors[0])
            done += len(measured.took)
        quarters.append(_memory(stack))
    table.add(f"memory (PSS) after {done:,} payments, MiB", "", "at the quarters", "", "flat")
    for name in BY_NAME:
        seen = [quarter[name] for quarter in quarters]
        shown = ", ".join(f"{one:.1f}" for one in seen[1:])
        table.add(f"… {name}", shown, f"before {seen[0]:.1f}", f"{seen[-1] - seen[1]:+.1f}")


def _memory(stack: Stack) -> dict[str, float]:
    return {name: cpu.memory_mib(stack.processes, name) for name in BY_NAME}


def _listed(by_name: Mapping[str, float]) -> str:
    """Say what is not next to nothing, the most first."""
    ordered = sorted(by_name.items(), key=lambda one: -one[1])
    return ", ".join(f"{name} {value:.1f}" for name, value in ordered if value >= 0.05)
