"""Kept reports are never older than what their reader has written, nor in anybody's way."""

import asyncio
import os
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from tests.integration.finance.ledger import Ledger
from tests.integration.finance.room import Room, opened

from finance.api.reports.answers import X_CACHE
from testkit.databases import Cluster
from testkit.proxy import Proxy

REDIS = os.environ.get("SALDO_TEST_REDIS", "")
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
AT_ONCE = 40


@pytest.fixture
async def kept(cluster: Cluster) -> AsyncIterator[Room]:
    """Finance whose reports are kept in a real Redis."""
    async with opened(cluster, redis_url=REDIS) as room:
        yield room


async def outcome(room: Room, report: str = "summary", **more: Any) -> str:
    answer = await room.ask("GET", f"/reports/{report}", params={**NOVEMBER, **more})
    assert answer.status_code == 200, answer.text
    return answer.headers[X_CACHE]


async def expense(room: Room) -> Decimal:
    found = await room.get("/reports/summary", **NOVEMBER)
    return sum((Decimal(one["expense"]["amount"]) for one in found["currencies"]), Decimal(0))


async def test_a_report_is_kept_until_something_is_written(kept: Room) -> None:
    ledger = Ledger(kept)
    cash = await ledger.account()
    for report in ("summary", "by-category", "series", "cash-flow", "net-worth", "net-worth.svg"):
        assert [await outcome(kept, report) for _ in range(2)] == ["miss", "hit"]
    made = await ledger.spend(cash, "5.00", "2026-11-05")
    assert await outcome(kept) == "miss"
    path = f"/transactions/{made['id']}"
    for method, more in (("PATCH", {"amount": "6.00"}), ("DELETE", None)):
        assert await outcome(kept) == "hit"
        answer = await kept.ask(method, path, json=more)
        assert answer.is_success, answer.text
        assert await outcome(kept) == "miss"


async def test_a_report_of_other_words_is_another(kept: Room) -> None:
    await Ledger(kept).account()
    asked: list[dict[str, str]] = [
        {},
        {"currency": "RUB"},
        {"tz": "Asia/Tokyo"},
        {"compare": "true"},
    ]
    assert [await outcome(kept, **more) for more in asked] == ["miss"] * len(asked)
    for compare in ("false", "true"):
        assert await outcome(kept, "by-category", compare=compare) == "miss"
    for lang in ("en", "ru"):
        assert await outcome(kept, "series.svg", lang=lang) == "miss"


async def test_budgets_are_kept_as_reports_are(kept: Room) -> None:
    ledger = Ledger(kept)
    cash, food = await ledger.account(), await ledger.category("Food")
    body = {"category_id": food, "month": "2026-11", "amount": "10.00"}
    await kept.make("/budgets", **body)

    async def used() -> tuple[str, str]:
        answer = await kept.ask("GET", "/budgets", params={"month": "2026-11"})
        return answer.headers[X_CACHE], answer.json()["items"][0]["used"]["amount"]

    assert [await used(), await used()] == [("miss", "0.00"), ("hit", "0.00")]
    await ledger.spend(cash, "5.00", "2026-11-05", category_id=food)
    assert await used() == ("miss", "5.00")


async def test_a_hit_costs_postgresql_one_statement(kept: Room) -> None:
    await Ledger(kept).account()
    await outcome(kept)
    before = kept.database.statements
    assert await outcome(kept) == "hit"
    assert kept.database.statements - before == 1


async def test_nobody_reads_what_is_older_than_an_answered_write(kept: Room) -> None:
    ledger = Ledger(kept)
    cash = await ledger.account()
    written = 0

    async def write_and_read() -> None:
        nonlocal written
        await ledger.spend(cash, "1.00", "2026-11-05")
        written += 1
        least = written  # answered before the report is asked for
        assert await expense(kept) >= least

    await asyncio.gather(*(write_and_read() for _ in range(AT_ONCE)))
    assert await expense(kept) == AT_ONCE
    assert await outcome(kept) == "hit"


async def test_reports_go_on_while_redis_is_away(cluster: Cluster) -> None:
    host, _, port = REDIS.rpartition("@")[2].removeprefix("redis://").partition(":")
    login = REDIS.partition("://")[2].rpartition("@")[0]
    async with Proxy(host, int(port.partition("/")[0])) as proxy:
        url = f"redis://{login}{'@' if login else ''}127.0.0.1:{proxy.port}/0"
        async with opened(cluster, redis_url=url) as room:
            ledger = Ledger(room)
            cash = await ledger.account()
            assert [await outcome(room) for _ in range(2)] == ["miss", "hit"]
            proxy.refuses = True
            await proxy.cut()
            for count in range(1, 11):
                await ledger.spend(cash, "1.00", "2026-11-05")
                assert await expense(room) == count
                assert await outcome(room) == "bypass"
            assert proxy.refused < 20  # a breaker keeps it from being asked each time
