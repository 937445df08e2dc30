"""The cache of reports on real Redis: computed once, kept, and never in anybody's way."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from prometheus_client import REGISTRY

from finance.cache import CacheOutcome, ComputedReport, ReportCache, ReportKey, ReportShelf
from finance.cache.shelf import ShelfUnreachableError
from kit.ids import new_id
from kit.redis import RedisLine
from testkit.proxy import Proxy

TTL = timedelta(minutes=10)
REDIS = os.environ.get("SALDO_TEST_REDIS", "")


class Computing:
    """Computes reports, and counts how often; waits for a while where it is told to."""

    def __init__(self, version: int = 1) -> None:
        self.times = 0
        self.version = version
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.fails = False

    async def __call__(self) -> ComputedReport:
        self.times += 1
        await self.may_end.wait()
        if self.fails:
            raise LookupError
        return ComputedReport(self.version, f"report {self.version}".encode())


@pytest.fixture
async def shelf() -> AsyncIterator[ReportShelf]:
    async with ReportShelf.opened(REDIS, TTL) as shelf:
        yield shelf


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    url = urlsplit(REDIS)
    async with Proxy(url.hostname or "", url.port or 6379) as proxy:
        yield proxy


def through(proxy: Proxy) -> str:
    url = urlsplit(REDIS)
    login, at, _ = url.netloc.rpartition("@")
    return url._replace(netloc=f"{login}{at}127.0.0.1:{proxy.port}").geturl()


@pytest.fixture
def key() -> ReportKey:
    return ReportKey(new_id(), "summary", "of November")


async def test_a_report_is_computed_once_and_then_kept(shelf: ReportShelf, key: ReportKey) -> None:
    cache, compute = ReportCache(shelf), Computing()
    first = await cache.answer(key, 1, compute)
    again = await cache.answer(key, 1, compute)
    assert (first.outcome, again.outcome) == (CacheOutcome.MISS, CacheOutcome.HIT)
    assert first.body == again.body == b"report 1"
    assert compute.times == 1


async def test_whence_reports_come_is_counted(shelf: ReportShelf, key: ReportKey) -> None:
    def counted() -> list[float]:
        name = "saldo_report_cache_total"
        found = [REGISTRY.get_sample_value(name, {"outcome": one}) for one in CacheOutcome]
        return [one or 0 for one in found]

    before = counted()
    async with ReportShelf.opened("redis://127.0.0.1:1/0", TTL) as away:
        for cache in (ReportCache(shelf), ReportCache(shelf), ReportCache(away)):
            await cache.answer(key, 1, Computing())
    more = [now - then for now, then in zip(counted(), before, strict=True)]
    assert more == [1, 1, 1]  # hit, miss, bypass


async def test_a_report_of_another_version_user_or_question_is_another(
    shelf: ReportShelf, key: ReportKey
) -> None:
    cache, compute = ReportCache(shelf), Computing()
    await cache.answer(key, 1, compute)
    others = [
        (key, 2),
        (key._replace(user_id=new_id()), 1),
        (key._replace(operation="series"), 1),
        (key._replace(asked="of October"), 1),
    ]
    for other, version in others:
        found = await cache.answer(other, version, compute)
        assert found.outcome == CacheOutcome.MISS
    assert compute.times == 1 + len(others)


async def test_a_report_is_kept_for_the_version_that_it_was_computed_from(
    shelf: ReportShelf, key: ReportKey
) -> None:
    cache = ReportCache(shelf)
    await cache.answer(key, 1, Computing(version=2))  # somebody wrote meanwhile
    older, newer = Computing(version=3), Computing(version=3)
    assert (await cache.answer(key, 1, older)).outcome == CacheOutcome.MISS
    assert (await cache.answer(key, 2, newer)).body == b"report 2"


async def test_what_is_kept_ends_by_itself(shelf: ReportShelf, key: ReportKey) -> None:
    await ReportCache(shelf).answer(key, 1, Computing())
    with closing(RedisLine(REDIS)) as redis:
        assert 0 < await redis.call("TTL", key.name(1)) <= TTL.total_seconds()


async def test_of_many_who_ask_at_once_one_computes(shelf: ReportShelf, key: ReportKey) -> None:
    cache, compute = ReportCache(shelf), Computing()
    found = await asyncio.gather(*(cache.answer(key, 1, compute) for _ in range(50)))
    assert {one.body for one in found} == {b"report 1"}
    assert compute.times == 1


async def test_of_several_processes_one_computes(key: ReportKey) -> None:
    compute = Computing()
    async with ReportShelf.opened(REDIS, TTL) as one, ReportShelf.opened(REDIS, TTL) as other:
        caches = [ReportCache(one), ReportCache(other)]
        found = await asyncio.gather(*(cache.answer(key, 1, compute) for cache in caches))
    assert {one.outcome for one in found} == {CacheOutcome.MISS, CacheOutcome.HIT}
    assert compute.times == 1


async def test_who_died_computing_is_not_waited_for(shelf: ReportShelf, key: ReportKey) -> None:
    assert await shelf.claim(f"{key.name(1)}:claim", b"dead", 60_000)
    found = await ReportCache(shelf, most_polls=2).answer(key, 1, Computing())
    assert (found.body, found.outcome) == (b"report 1", CacheOutcome.MISS)


async def test_who_computes_beyond_their_claim_leaves_anothers(
    shelf: ReportShelf, key: ReportKey
) -> None:
    claim, compute = f"{key.name(1)}:claim", Computing()
    compute.may_end.clear()
    asked = asyncio.create_task(  # noqa: TID251 - awaited below
        ReportCache(shelf).answer(key, 1, compute)
    )
    while not compute.times:
        await asyncio.sleep(0.01)
    with closing(RedisLine(REDIS)) as redis:
        assert await redis.call("DEL", claim) == 1  # as if its ten seconds were over
        assert await shelf.claim(claim, b"another", 60_000)
        compute.may_end.set()
        await asked
        assert await redis.call("GET", claim) == b"another"


async def test_a_claim_ends_with_what_it_was_for(shelf: ReportShelf, key: ReportKey) -> None:
    await ReportCache(shelf).answer(key, 1, Computing(version=2))
    assert await shelf.claim(f"{key.name(1)}:claim", b"next", 60_000)


async def test_who_goes_away_does_not_take_it_from_the_others(
    shelf: ReportShelf, key: ReportKey
) -> None:
    cache, compute = ReportCache(shelf), Computing()
    compute.may_end.clear()
    first = asyncio.create_task(cache.answer(key, 1, compute))  # noqa: TID251 - awaited below
    other = asyncio.create_task(cache.answer(key, 1, compute))  # noqa: TID251 - awaited below
    while not compute.times:
        await asyncio.sleep(0.01)
    first.cancel()
    compute.may_end.set()
    assert (await other).body == b"report 1"
    assert compute.times == 1


async def test_a_failure_is_told_to_all_who_wait_and_not_kept(
    shelf: ReportShelf, key: ReportKey
) -> None:
    cache, compute = ReportCache(shelf), Computing()
    compute.fails = True
    asked = (cache.answer(key, 1, compute) for _ in range(3))
    failures = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in failures] == [LookupError] * 3
    compute.fails = False
    assert (await cache.answer(key, 1, compute)).outcome == CacheOutcome.MISS
    assert compute.times == 2


async def test_without_redis_reports_are_computed(proxy: Proxy, key: ReportKey) -> None:
    async with ReportShelf.opened(through(proxy), TTL) as shelf:
        cache, compute = ReportCache(shelf), Computing()
        await cache.answer(key, 1, compute)
        proxy.refuses = True
        await proxy.cut()
        for _ in range(20):
            found = await cache.answer(key, 1, compute)
            assert (found.body, found.outcome) == (b"report 1", CacheOutcome.BYPASS)
        assert proxy.refused < 20  # it is not even asked any more
    assert compute.times == 21


async def test_redis_is_asked_again_once_it_is_back(proxy: Proxy, key: ReportKey) -> None:
    now = 0.0
    proxy.refuses = True
    with closing(RedisLine(through(proxy))) as redis:
        shelf = ReportShelf(redis, TTL, monotonic=lambda: now)
        for _ in range(10):
            with pytest.raises(ShelfUnreachableError):
                await shelf.get(key.name(1))
        proxy.refuses = False
        with pytest.raises(ShelfUnreachableError):  # it rests
            await shelf.get(key.name(1))
        now = 2.0
        assert await shelf.get(key.name(1)) is None


async def test_a_silent_redis_is_given_up(key: ReportKey) -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with ReportShelf.opened(f"redis://127.0.0.1:{port}/0", TTL) as shelf:
        found = await ReportCache(shelf).answer(key, 1, Computing())
    assert found.outcome == CacheOutcome.BYPASS
    server.close()


async def test_redis_that_goes_while_a_report_is_computed_costs_nothing(
    proxy: Proxy, key: ReportKey
) -> None:
    async with ReportShelf.opened(through(proxy), TTL) as shelf:
        cache, compute = ReportCache(shelf), Computing()
        compute.may_end.clear()
        asked = asyncio.create_task(cache.answer(key, 1, compute))  # noqa: TID251 - awaited below
        while not compute.times:
            await asyncio.sleep(0.01)
        proxy.refuses = True
        await proxy.cut()
        compute.may_end.set()
        found = await asked
    assert (found.body, found.outcome) == (b"report 1", CacheOutcome.BYPASS)
