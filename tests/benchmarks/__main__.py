"""``make bench``: measures the rows of the design's table and prints them with their ratios.

Sides are taken in turn within one run, as the speed of such machines drifts. A section that breaks
holds no other. Not a test.
"""

import asyncio
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from uuid import UUID

import uvloop
from deploy.stack import Stack, StackError
from deploy.stack.signals import INTERRUPTED
from tests.benchmarks import (
    bulk,
    catalogue,
    cost,
    cpu,
    edge,
    exports,
    grown,
    hello,
    lists,
    logins,
    movements,
    neighbours,
    orders,
    payments,
    pgbench,
    provider_webhooks,
    reads,
    relay,
    reports,
    scale,
    wallet_core,
    webhooks,
)
from tests.benchmarks.programs import LOCAL, ROOT, bench_stack, program
from tests.benchmarks.report import ROUNDS, SECONDS, Figures, Table, in_turn, ratio, surroundings

from testkit.databases import SERVER, Cluster
from testkit.people import Person

TRANSFERS = 40_000
CORE_PROCESSES = ("wallet", "postgres", "rabbitmq")
PAYING = ("gateway", "payments", "wallet", "rabbitmq", "notifications")
ALL_THAT_PAYS = (*PAYING, "postgres", "finance")
EVENTS = 20_000
WEBHOOKS = 10_000
LOGINS_AT_ONCE = 200
REQUESTS = int(os.environ.get("REQUESTS", "200000"))
PAYMENTS = int(os.environ.get("PAYMENTS", "5000"))
IDLE, STREAMS = 1_000, 500
# Section → the programs of its yardstick → the Debian package that has it.
PROGRAMS = {
    "core": {"pgbench": "postgresql"},
    "settled": {"pgbench": "postgresql"},
    "reads": {"nginx": "nginx"},
    "gateway": {"nginx": "nginx", "taskset": "util-linux"},
}


def why_not(title: str, missing: list[str]) -> str:
    """Say what a section lacks, and how to get it."""
    packages = " ".join(PROGRAMS[title][name] for name in missing)
    return f"{', '.join(missing)} is not installed: apt-get install {packages}"


def _median(values: list[float]) -> float:
    return Figures(values).median


async def _core(stack: Stack, rich: Person, folder: Path, table: Table) -> None:
    admin = stack.postgres_url
    await pgbench.prepare(admin)
    core = wallet_core.Core(stack.rabbitmq_url, _saldo(admin))
    owners = await core.fund(UUID(rich.user_id))
    await core.run(owners, TRANSFERS // 4, hot=False)  # warm-up
    spread, yard, hot, yard_hot = await in_turn(
        lambda: core.run(owners, TRANSFERS, hot=False),
        lambda: pgbench.run(admin, folder, SECONDS, hot=False),
        lambda: core.run(owners, TRANSFERS, hot=True),
        lambda: pgbench.run(admin, folder, SECONDS, hot=True),
    )
    table.add(
        "wallet core, spread",
        f"{_median(spread):,.0f}/s",
        f"pgbench {_median(yard):,.0f}/s",
        ratio(spread, yard),
        "≥ 3",
    )
    table.add(
        "wallet core, one account",
        f"{_median(hot):,.0f}/s",
        f"pgbench hot {_median(yard_hot):,.0f}/s",
        ratio(hot, yard_hot),
        "≥ 9",
    )
    table.add("wallet core, hot ÷ spread", "", "", ratio(hot, spread), "≥ 0.9")
    before = cpu.used(stack.processes, CORE_PROCESSES)
    await core.run(owners, TRANSFERS, hot=False)
    spent = cpu.per_item(before, cpu.used(stack.processes, CORE_PROCESSES), TRANSFERS)
    table.add("… µs of CPU for one transfer, spread", spent, "", "")


def _saldo(admin_url: str) -> str:
    """Return the superuser's address of the services' database."""
    return f"{admin_url.rsplit('/', 1)[0]}/saldo"


async def _settled(stack: Stack, everybody: list[Person], folder: Path, table: Table) -> None:
    url, admin = stack.gateway_url, stack.postgres_url
    faults: list[str] = []
    await pgbench.prepare(admin)

    async def rate(choose: Callable[[int], payments.Pair]) -> float:
        measured = await payments.run(url, choose, SECONDS)
        faults.extend(measured.errors)
        return measured.rate

    await payments.run(url, payments.spread(everybody), 3)  # warm-up
    spread, yard, one, four = await in_turn(
        lambda: rate(payments.spread(everybody)),
        lambda: pgbench.run(admin, folder, SECONDS, hot=False),
        lambda: rate(payments.one_payee(everybody)),
        lambda: rate(payments.among_four(everybody)),
    )
    table.add(
        "settled payments, spread",
        f"{_median(spread):,.0f}/s",
        f"pgbench {_median(yard):,.0f}/s",
        ratio(spread, yard),
        "≥ 0.12",
    )
    table.add("… one payee", f"{_median(one):,.0f}/s", "spread", ratio(one, spread), "≥ 0.9")
    table.add("… four users", f"{_median(four):,.0f}/s", "spread", ratio(four, spread), "≥ 0.9")
    shown = faults[0] if faults else ""
    table.add("… errors in all runs", str(len(faults)), shown, "", "0")


async def _latency(stack: Stack, everybody: list[Person], table: Table) -> None:
    pair = payments.Pair(everybody[0], everybody[1])
    await payments.pay_latency(stack.gateway_url, pair, 20)
    seen = [await payments.pay_latency(stack.gateway_url, pair, 200) for _ in range(ROUNDS)]
    for what, part, target in (("p50", 0.5, "≤ 19"), ("p99", 0.99, "≤ 31")):
        millis = Figures([one.percentile(part) for one in seen], "{:.1f}")
        table.add(f"pay → paid, idle stack, {what}, ms", millis, target=target)


async def _reads(stack: Stack, person: Person, folder: Path, table: Table) -> None:
    url, wallet = stack.gateway_url, stack.url_of("wallet")
    path, body = await reads.own_wallet(url, person.token)
    async with reads.nginx(folder, wallet, len(body)) as beside:

        async def rate(through: str) -> float:
            measured = await reads.run(through, path, person.token, SECONDS / 2)
            if measured.errors:
                raise RuntimeError(measured.errors[0])
            return measured.rate

        await rate(url)  # warm-up
        ours, theirs, direct, static = await in_turn(
            *(partial(rate, one) for one in (url, beside.wallet, wallet, beside.static))
        )
    what, figure = "GET wallet through the gateway, 32 clients", f"{_median(ours):,.0f}/s"
    yardstick = f"nginx {_median(theirs):,.0f}/s"
    table.add(what, figure, yardstick, ratio(ours, theirs), "≥ 2,500/s; ≥ 0.5")
    yardstick = f"nginx, a static answer {_median(static):,.0f}/s"
    table.add(
        "… beside as much that stands ready", figure, yardstick, ratio(ours, static), "≥ 0.35"
    )
    table.add("… wallet alone", f"{_median(direct):,.0f}/s", "", ratio(ours, direct))


async def _gateway(stack: Stack, person: Person, folder: Path, table: Table) -> None:
    token, seconds = person.token, SECONDS / 2

    async def rate(through: edge.Running) -> float:
        measured = await edge.flat_out(through.url, token, seconds)
        if measured.errors:
            raise RuntimeError(measured.errors[0])
        return measured.rate

    async def median_ms(through: edge.Running) -> float:
        return (await edge.paced(through.url, token, seconds)).percentile(0.5)

    async with edge.opened(folder, stack.env_of("gateway")) as sides:
        service, ours, nginx = sides
        await rate(ours)  # warm-up
        through, proxied, direct = await in_turn(
            partial(rate, ours), partial(rate, nginx), partial(rate, service)
        )
        figure, yardstick = f"{_median(through):,.0f}/s", f"nginx {_median(proxied):,.0f}/s"
        table.add("GET of 1 KiB, a core", figure, yardstick, ratio(through, proxied), "≥ 0.5")
        alone = f"{_median(direct):,.0f}/s"
        table.add("… the service alone", alone, "", ratio(through, direct))
        slow, bare = await in_turn(partial(median_ms, ours), partial(median_ms, service))
        added = _median([one - other for one, other in zip(slow, bare, strict=True)])
        yardstick = f"hello world {_median(bare):.2f} ms"
        table.add("… added at 100/s, p50", f"{added:.2f} ms", yardstick, "", "≤ 0.5 ms")
        before, done = ours.rss_mib, 0.0
        while done < REQUESTS:
            done += len((await edge.flat_out(ours.url, token, seconds)).took)
        figure, yardstick = f"{ours.rss_mib:.1f} MiB", f"before {before:.1f} MiB"
        grown = f"{ours.rss_mib - before:+.1f} MiB"
        table.add(f"… memory after {done:,.0f} requests", figure, yardstick, grown, "flat")
        async with edge.held(ours.url, token, IDLE, STREAMS) as answered:
            beside = await median_ms(ours)
            figure, yardstick = f"{answered} answered", f"{ours.rss_mib:.1f} MiB"
            held = f"GET p50 {beside:.2f} ms"
            table.add(f"… {IDLE} idle, {STREAMS} streams", figure, yardstick, held, "all")


async def _logins(stack: Stack, person: Person, table: Table) -> None:
    async def rate() -> float:
        return (await logins.run(stack.gateway_url, person, SECONDS / 2)).rate

    async def bare() -> float:
        return await asyncio.to_thread(logins.bare, SECONDS / 2)

    ours, theirs = await in_turn(rate, bare)
    table.add(
        "logins",
        f"{_median(ours):,.0f}/s",
        f"bare argon2id {_median(theirs):,.0f}/s",
        ratio(ours, theirs),
        "≥ 0.8",
    )
    seen, put_off = await logins.liveness(stack.url_of("auth"), person, SECONDS, LOGINS_AT_ONCE)
    figure = f"p50 {seen.percentile(0.5):.1f} ms, p99 {seen.percentile(0.99):.1f} ms"
    errors = f"{put_off} put off, {len(seen.errors)} errors {seen.errors[:1]}"
    table.add(f"… /health/live beside {LOGINS_AT_ONCE} logins", figure, errors, "", "p99 ≤ 100 ms")


async def _relay(stack: Stack, table: Table) -> None:
    os.environ[SERVER] = stack.postgres_url
    cluster = Cluster("saldo_bench")
    await cluster.create()
    ours, theirs = await in_turn(
        lambda: relay.relayed(cluster, stack.rabbitmq_url, EVENTS),
        lambda: relay.bare(cluster, stack.rabbitmq_url, EVENTS),
    )
    await cluster.drop()
    table.add(
        "outbox relay",
        f"{_median(ours):,.0f} events/s",
        f"bare aio-pika {_median(theirs):,.0f}/s",
        ratio(ours, theirs),
        "≥ 1.0",
    )


async def _webhooks(stack: Stack, table: Table) -> None:
    os.environ[SERVER] = stack.postgres_url
    cluster = webhooks.Tables("saldo_bench")
    await cluster.create()
    async with webhooks.receiver() as url:
        await webhooks.dispatched(cluster, url, 20, WEBHOOKS // 5)  # warm-up
        many, one, theirs = await in_turn(
            lambda: webhooks.dispatched(cluster, url, 20, WEBHOOKS),
            lambda: webhooks.dispatched(cluster, url, 1, WEBHOOKS),
            lambda: webhooks.bare(url, WEBHOOKS),
        )
    await cluster.drop()
    for what, ours in (("webhooks, 20 endpoints", many), ("… one endpoint", one)):
        figure, yard = f"{_median(ours):,.0f}/s", f"bare aiohttp {_median(theirs):,.0f}/s"
        table.add(what, figure, yard, ratio(ours, theirs), "≥ 1,000/s")


async def _bulk(stack: Stack, everybody: list[Person], table: Table) -> None:
    took = [await bulk.run(stack.gateway_url, everybody[0], everybody[1:]) for _ in range(ROUNDS)]
    figure = f"{_median(took):.2f} s ({min(took):.2f} to {max(took):.2f})"
    table.add("bulk of 1,000, sent → all paid", figure, "", "", "≤ 5 s")


async def _lists(stack: Stack, everybody: list[Person], table: Table) -> None:
    payer, payee = everybody[-1], everybody[-2]
    admin = _saldo(stack.postgres_url)
    await lists.fill(admin, payer, payee, lists.SMALL)
    await lists.run(stack.gateway_url, payer, 50)  # warm-up
    small = await lists.run(stack.gateway_url, payer)
    await lists.fill(admin, payer, payee, lists.SMALL * (lists.TIMES - 1))
    large = await lists.run(stack.gateway_url, payer)
    for path, before in small.items():
        table.add(
            f"list `{path}`, 100 × the rows",
            f"{large[path]:.2f} ms",
            f"before {before:.2f} ms",
            f"{large[path] / before:.2f}",
            "≤ 1.5",
        )


async def _orders(stack: Stack, everybody: list[Person], table: Table) -> None:
    url, faults = stack.gateway_url, list[str]()
    ids = await orders.products(url, stack.env_of("auth"), len(everybody))

    async def rate(choose: Callable[[int], str]) -> float:
        measured = await orders.run(url, everybody, choose, SECONDS)
        faults.extend(measured.errors)
        return measured.rate

    async def settled() -> float:
        return (await payments.run(url, payments.spread(everybody), SECONDS)).rate

    await orders.run(url, everybody, orders.spread(ids), 3)  # warm-up
    await payments.run(url, payments.spread(everybody), 3)
    spread, yard, hot = await in_turn(
        lambda: rate(orders.spread(ids)), settled, lambda: rate(orders.hot(ids))
    )
    table.add(
        "orders settled, spread",
        f"{_median(spread):,.0f}/s",
        f"settled payments {_median(yard):,.0f}/s",
        ratio(spread, yard),
        "≥ 0.6",
    )
    table.add("… all buy one", f"{_median(hot):,.0f}/s", "spread", ratio(hot, spread), "≥ 0.7")
    table.add("… errors in all runs", str(len(faults)), faults[0] if faults else "", "", "0")


async def _movements(stack: Stack, everybody: list[Person], table: Table) -> None:
    url, saldo = stack.gateway_url, _saldo(stack.postgres_url)
    core = wallet_core.Core(stack.rabbitmq_url, saldo)
    owners = await core.fund(UUID(everybody[0].user_id))
    await movements.caught_up(saldo)
    posted, booked = list[float](), list[float]()
    for _ in range(ROUNDS):
        async with movements.without_finance(stack):
            posted.append(await movements.posted(core, owners, TRANSFERS))
        booked.append(await movements.caught_up(saldo))
    table.add(
        "movements booked",
        f"{_median(booked):,.0f}/s",
        f"wallet posts {_median(posted):,.0f}/s",
        ratio(booked, posted),
        "≥ 0.8",
    )

    table.add("… and reconciled", await movements.reconciled(stack), "", "", "all agree")

    async def settled() -> float:
        before = cpu.used(stack.processes, ALL_THAT_PAYS)
        rate = (await payments.run(url, payments.spread(everybody), SECONDS)).rate
        after = cpu.used(stack.processes, ALL_THAT_PAYS)
        for names, found in micros.items():
            spent = sum(after[one] - before[one] for one in names)
            found.append(spent / (rate * SECONDS) * 1e6)
        return rate

    async def alone() -> float:
        async with movements.without_finance(stack):
            return await settled()

    async def beside() -> float:
        await movements.caught_up(saldo)
        return await settled()

    micros: dict[tuple[str, ...], list[float]] = {PAYING: [], ALL_THAT_PAYS: []}
    await payments.run(url, payments.spread(everybody), 3)  # warm-up
    without, beside_it = await in_turn(alone, beside)
    table.add(
        "settled payments beside finance",
        f"{_median(beside_it):,.0f}/s",
        f"without it {_median(without):,.0f}/s",
        ratio(beside_it, without),
    )
    whats = "… µs of CPU for one payment, of those who make it", "… with PostgreSQL and finance"
    for what, found in zip(whats, micros.values(), strict=True):
        figure, yardstick = f"{_median(found[1::2]):,.0f}", f"without it {_median(found[::2]):,.0f}"
        table.add(what, figure, yardstick, ratio(found[1::2], found[::2]))


async def _catalogue(stack: Stack, table: Table) -> None:
    url, admin, count = stack.gateway_url, _saldo(stack.postgres_url), 300
    await catalogue.empty(admin)  # of a run that was broken off
    await catalogue.fill(admin, 1, catalogue.SMALL)
    for path in catalogue.PATHS:  # warm-up
        await _median_ms(url, path, count // 10)
    small = {path: await _median_ms(url, path, count) for path in catalogue.PATHS}
    await catalogue.fill(admin, catalogue.SMALL + 1, catalogue.SMALL * catalogue.TIMES)
    async with catalogue.bare(stack.env_of("gateway"), admin) as yard:
        for path, before in small.items():
            await _median_ms(yard, path, count // 10)  # warm-up
            large, bare = await in_turn(
                lambda path=path: _median_ms(url, path, count // ROUNDS),  # type: ignore[misc]
                lambda path=path: _median_ms(yard, path, count // ROUNDS),  # type: ignore[misc]
            )
            figure, shown = f"{_median(large):.2f} ms", path.removeprefix("/v1/shop")
            growth = f"{_median(large) / before:.2f}"
            with_few = f"with 1,000 {before:.2f} ms"
            table.add(f"list `{shown}` of 100,000", figure, with_few, growth, "≤ 1.5")
            yardstick = f"bare SQL {_median(bare):.2f} ms"
            table.add("… beside plain SQL", figure, yardstick, ratio(large, bare), "≤ 2")
    await catalogue.empty(admin)


async def _median_ms(url: str, path: str, count: int) -> float:
    return (await catalogue.run(url, path, count)).percentile(0.5)


async def _reports(stack: Stack, person: Person, table: Table) -> None:
    url, admin = stack.gateway_url, _saldo(stack.postgres_url)
    await reports.fill(admin, person)
    for report in reports.LEAST:
        await reports.cold(url, admin, person, report, 1)  # warm-up
        cold, least = await in_turn(
            partial(reports.cold, url, admin, person, report, 5),
            partial(reports.least, admin, person, report, 5),
        )
        figure, yardstick = f"{_median(cold):.0f} ms", f"least SQL {_median(least):.0f} ms"
        what = f"{report} of 1,000,000 transactions, cold"
        table.add(what, figure, yardstick, ratio(cold, least), "≤ 3")
    (wallet, _), token = await reads.own_wallet(url, person.token), person.token
    for report in reports.LEAST:
        path = f"/v1/finance/reports/{report}?{reports.RANGE}"
        kept, read = await in_turn(
            partial(reports.kept, url, path, token, 500),
            partial(reports.kept, url, wallet, token, 500),
        )
        figure, yardstick = f"{_median(kept):.2f} ms", f"wallet GET {_median(read):.2f} ms"
        table.add(f"{report}, kept", figure, yardstick, ratio(kept, read), "≤ 1.5")
    first, last = await reports.pages(url, token)
    far, near = await in_turn(
        partial(reports.kept, url, last, token, 200), partial(reports.kept, url, first, token, 200)
    )
    figure, yardstick = f"{_median(far):.2f} ms", f"the first {_median(near):.2f} ms"
    table.add("page 1,000 of the list", figure, yardstick, ratio(far, near), "≤ 1.2")


async def _files(stack: Stack, person: Person, neighbour: Person, table: Table) -> None:
    url = stack.gateway_url
    await reports.fill(_saldo(stack.postgres_url), person)
    for name in exports.FORMATS:
        rate, most = await exports.made(url, person, name)
        table.add(f"{name} of 1,000,000 rows", f"{rate:,.0f}/s", "", f"{most:.0f} MiB", "≤ 150 MiB")
    for what, beside, alone in await neighbours.run(url, person, neighbour, SECONDS):
        ratio = f"p50 {beside.over(alone, 0.5)}, p99 {beside.over(alone, 0.99)}"
        table.add(what, beside.shown(), f"without {alone.shown()}", ratio, "p99 ≤ 2")


async def _provider_webhooks(stack: Stack, everybody: list[Person], table: Table) -> None:
    url = stack.gateway_url
    ids = await provider_webhooks.charges(url, everybody, 2200)
    await provider_webhooks.run(url, ids[:200], 100)  # warm-up
    seen = await provider_webhooks.run(url, ids[200:], 200)
    figure = f"p50 {seen.percentile(0.5):.1f} ms, p99 {seen.percentile(0.99):.1f} ms"
    errors = f"{len(seen.errors)} errors {seen.errors[:1]}"
    table.add(f"webhooks in at {seen.rate:,.0f}/s", figure, errors, "", "p99 ≤ 50 ms")


async def measure(stack: Stack, only: set[str], table: Table) -> None:
    """Measure the chosen sections, or all."""
    async with hello.said() as server:
        await hello.micros(server, 1)  # warm-up
        table.facts["hello_micros"] = round(await hello.micros(server, SECONDS / 2), 1)
    table.head()
    everybody = await payments.people(stack.gateway_url, 33)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        sections: dict[str, Callable[[], Awaitable[None]]] = {
            "idle": lambda: cost.of_idling(stack, SECONDS, table),
            "flat": lambda: cost.in_memory(stack, everybody, PAYMENTS, SECONDS, table),
            "cost": lambda: cost.of_a_payment(stack, everybody, SECONDS, table),
            "counts": lambda: cost.in_counts(stack, everybody, SECONDS, table),
            "core": lambda: _core(stack, everybody[0], folder, table),
            "settled": lambda: _settled(stack, everybody, folder, table),
            "latency": lambda: _latency(stack, everybody, table),
            "reads": lambda: _reads(stack, everybody[0], folder, table),
            "gateway": lambda: _gateway(stack, everybody[0], folder, table),
            "bulk": lambda: _bulk(stack, everybody, table),
            "lists": lambda: _lists(stack, everybody, table),
            "catalogue": lambda: _catalogue(stack, table),
            "movements": lambda: _movements(stack, everybody, table),
            "orders": lambda: _orders(stack, everybody, table),
            "reports": lambda: _reports(stack, everybody[1], table),
            "files": lambda: _files(stack, everybody[1], everybody[2], table),
            "logins": lambda: _logins(stack, everybody[0], table),
            "provider_webhooks": lambda: _provider_webhooks(stack, everybody, table),
            "relay": lambda: _relay(stack, table),
            "webhooks": lambda: _webhooks(stack, table),
            "scale": lambda: scale.measure(SECONDS, TRANSFERS, table),
            "grown": lambda: grown.measure(SECONDS, table),
        }
        chosen = only or sections.keys() - {"grown", "scale"}  # which take minutes
        await run({name: sections[name] for name in sections if name in chosen}, table)


async def run(sections: Mapping[str, Callable[[], Awaitable[None]]], table: Table) -> None:
    """Measure section by section; one that breaks is told, and the next one follows."""
    for title, section in sections.items():
        table.section = title
        missing = [name for name in PROGRAMS.get(title, {}) if not program(name)]
        if missing:
            table.add(title, "not measured", why_not(title, missing))
            continue
        try:
            await section()
        except Exception as error:  # noqa: BLE001 - the other sections go on
            traceback.print_exc()
            table.broken.append(title)
            table.add(title, "broke", repr(error)[:200])


def main() -> None:
    """Measure, and keep what was measured so far, however it ends."""
    table = Table(surroundings(ROOT))
    with bench_stack() as stack:
        try:
            uvloop.run(measure(stack, set(sys.argv[1:]), table))
        finally:
            table.write(ROOT / LOCAL / time.strftime("%Y%m%d-%H%M%S.json"))
    if table.broken:
        sys.exit(f"broke: {', '.join(table.broken)}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except StackError as error:
        sys.exit(str(error))
