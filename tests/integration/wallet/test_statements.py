"""Statements of any period against a book kept by the test: they add up, and join without a gap."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from random import Random
from typing import Any

import httpx
import pytest
from tests.integration.wallet.world import Caller, World, code, transfer

from kit.money import decimal_text
from testkit.clock import FakeClock
from testkit.databases import Cluster
from testkit.verification import Desk
from wallet.app import build
from wallet.settings import Settings

Json = dict[str, Any]
TICK = timedelta(microseconds=1)
MOST_LINES = 1_000


@dataclass
class Book:
    """A person's wallet, and all that was posted on it as the test has noted it down."""

    world: World
    clock: FakeClock
    owner: Caller
    path: str = ""
    noted: list[tuple[datetime, int]] = field(default_factory=list)

    @property
    def opened(self) -> datetime:
        return self.noted[0][0]

    async def post(self, chance: Random, count: int) -> None:
        """Post so many transfers in and out, some of them at one moment."""
        other = await self.world.person("100000.00")
        for _ in range(count):
            self.clock.advance(chance.choice([0, 0, 1e-6, 0.5, 60, 3_600]))
            minor = chance.randint(1, 500)
            is_out = chance.random() < 0.5 and self.balance() >= minor
            sides = (self.owner.user_id, other) if is_out else (other, self.owner.user_id)
            await self.world.ask(transfer(*sides, minor))
            self.noted.append((self.clock.now(), -minor if is_out else minor))

    def balance(self, before: datetime | None = None) -> int:
        return sum(minor for at, minor in self.noted if before is None or at < before)

    def within(self, begin: datetime, end: datetime) -> list[int]:
        return [minor for at, minor in self.noted if begin <= at < end]

    async def statement(self, begin: datetime, end: datetime, **more: str) -> httpx.Response:
        span = {"from_": begin.isoformat(), "to": end.isoformat()}
        return await self.owner.get(f"{self.path}/statement", **span, **more)


@pytest.fixture
async def book(cluster: Cluster) -> AsyncIterator[Book]:
    clock = FakeClock()
    service = build(Settings(environment="test"))
    desk = await Desk.open()
    state = service.state
    async with cluster.database("wallet", clock=clock) as database, AsyncExitStack() as stack:
        state.database, state.tokens, state.clock = database, desk.verifier, clock
        for resource in service.resources:
            await stack.enter_async_context(resource(service))
        transport = httpx.ASGITransport(app=service.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://wallet") as http:
            world = World(service, database, http, desk.mint)
            owner = world.caller()
            wallet_id = await world.fund(owner.user_id, "10.00")
            noted = [(clock.now(), 1_000)]
            yield Book(world, clock, owner, f"/v1/wallets/{wallet_id}", noted)


def amounts(items: list[Json], name: str = "amount") -> list[str]:
    return [item[name] for item in items]


def texts(minors: list[int]) -> list[str]:
    return [decimal_text(minor, "RUB") for minor in minors]


def periods(book: Book, chance: Random, count: int) -> list[tuple[datetime, datetime]]:
    """Return periods whose edges lie at, just before and just after entries, in many zones."""
    moments = [at + by for at, _ in book.noted for by in (-TICK, timedelta(), TICK)]
    moments += [book.opened - timedelta(days=400), book.clock.now() + timedelta(days=400)]
    found = []
    while len(found) < count:
        begin, end = sorted(chance.sample(moments, 2))
        if begin < end:
            zone = timezone(timedelta(hours=chance.randint(-12, 14)))
            found.append((begin.astimezone(zone), end))
    return found


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_statement_of_any_period_adds_up_to_what_was_posted_in_it(
    book: Book, seed: int
) -> None:
    chance = Random(seed)
    await book.post(chance, 60)
    for begin, end in periods(book, chance, 40):
        found = (await book.statement(begin, end)).json()
        expected = book.within(begin, end)
        opening, closing = book.balance(begin), book.balance(end)
        assert amounts(found["items"]) == texts(expected)
        assert found["opening_balance"]["amount"] == decimal_text(opening, "RUB")
        assert found["closing_balance"]["amount"] == decimal_text(closing, "RUB")
        assert opening + sum(expected) == closing
        after = [opening + sum(expected[: place + 1]) for place in range(len(expected))]
        assert amounts(found["items"], "balance_after") == texts(after)
        answer = await book.owner.get(f"{book.path}/balance", at=(end - TICK).isoformat())
        assert answer.json()["balance"] == found["closing_balance"]


async def test_statements_that_adjoin_say_everything_once(book: Book) -> None:
    chance = Random(3)
    await book.post(chance, 40)
    moments = {at + by for at, _ in book.noted for by in (-TICK, timedelta(), TICK)}
    edges = [
        book.opened - TICK,
        *sorted(chance.sample(sorted(moments), 12)),
        book.clock.now() + TICK,
    ]
    said: list[str] = []
    closed = "0.00"
    for begin, end in pairwise(sorted(set(edges))):
        found = (await book.statement(begin, end)).json()
        assert found["opening_balance"]["amount"] == closed
        closed = found["closing_balance"]["amount"]
        said += amounts(found["items"])
    assert said == texts([minor for _, minor in book.noted])
    assert closed == decimal_text(book.balance(), "RUB")


async def test_csv_and_the_list_of_entries_say_what_the_statement_says(book: Book) -> None:
    chance = Random(4)
    await book.post(chance, 40)
    for begin, end in periods(book, chance, 15):
        found = (await book.statement(begin, end)).json()
        text = (await book.statement(begin, end, format="csv")).text
        first, *lines, last = csv.DictReader(io.StringIO(text, newline=""))
        names = ("posted_at", "kind", "amount", "balance_after", "transfer_id", "currency")
        assert [[line[name] for name in names] for line in lines] == [
            [item[name] for name in names] for item in found["items"]
        ]
        assert first["balance_after"] == found["opening_balance"]["amount"]
        assert last["balance_after"] == found["closing_balance"]["amount"]
        assert (first["posted_at"], last["posted_at"]) == (found["from_at"], found["to_at"])
        listed: list[Json] = []
        query: Json = {"from_": begin.isoformat(), "to": end.isoformat()}
        limit = chance.randint(1, 20)
        while True:
            page = (await book.owner.get(f"{book.path}/entries", **query, limit=limit)).json()
            listed += page["items"]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert listed[::-1] == found["items"]


async def test_a_json_statement_has_a_thousand_lines_and_not_one_more(book: Book) -> None:
    other = await book.world.person("1000.00")
    book.clock.advance(1)
    for _ in range(5):
        batch = [transfer(other, book.owner.user_id, 1) for _ in range(200)]
        await book.world.worker.handle([book.world.pack(*batch)])
    book.clock.advance(1)
    end = book.clock.now()
    too_long = await book.statement(book.opened, end)  # the top-up is the first of 1,001
    assert code(too_long) == (422, "statement_too_long")
    assert "1000" in too_long.json()["detail"].replace(",", "")
    found = (await book.statement(book.opened + TICK, end)).json()
    assert len(found["items"]) == MOST_LINES
    assert found["opening_balance"]["amount"] == "10.00"
    assert found["closing_balance"]["amount"] == "20.00"


async def test_a_strangers_period_is_not_there_and_an_admin_reads_it(book: Book) -> None:
    span = {"from_": book.opened.isoformat(), "to": (book.opened + TICK).isoformat()}
    stranger, admin = book.world.caller(), book.world.caller(admin=True)
    mine = (await book.owner.get(f"{book.path}/statement", **span)).json()
    for what in ("statement", "entries"):
        for more in ({}, {"format": "csv"} if what == "statement" else {}):
            answer = await stranger.get(f"{book.path}/{what}", **span, **more)
            assert code(answer) == (404, "not_found")
    assert (await admin.get(f"{book.path}/statement", **span)).json() == mine
    assert amounts(mine["items"]) == ["10.00"]
