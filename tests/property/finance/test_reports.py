"""Each figure of each report equals the sum of the transactions that are listed."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.integration.finance.ledger import Ledger
from tests.integration.finance.room import Json, Room, opened

from finance.domain.dates.calendar import months_later
from testkit.databases import Cluster

SEEDS = range(3)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")
CURRENCIES = {"RUB": 2, "JPY": 0, "KWD": 3}
# Around a leap day, a change of the clock in Berlin and in New York, and the turn of a year.
DAYS = (
    [date(2024, 2, 27) + timedelta(days=n) for n in range(4)]
    + [date(2024, 3, 9) + timedelta(days=n) for n in range(24)]
    + [date(2024, 12, 30) + timedelta(days=n) for n in range(4)]
)


@dataclass
class World:
    """A random book, made by requests, and its transactions as they are listed."""

    room: Room
    chance: random.Random
    zone: str = "UTC"
    accounts: list[Json] = field(default_factory=list)
    parents: dict[str, str | None] = field(default_factory=dict)
    listed: list[Json] = field(default_factory=list)

    async def made(self) -> "World":
        """Fill the book, and read its list to the end."""
        ledger, chance = Ledger(self.room), self.chance
        self.zone = chance.choice(ZONES)
        await self.room.ask("PATCH", "/settings", json={"time_zone": self.zone})
        for currency in (*CURRENCIES, "RUB"):
            opening = self.amount(currency)
            name = f"{currency} {len(self.accounts)}"
            await ledger.account(name, opening, currency=currency)
        self.accounts = (await self.room.get("/accounts"))["items"]
        kinds: dict[str, list[str]] = {"income": [], "expense": []}
        for number in range(10):
            kind = "income" if number < 3 else "expense"
            above = chance.choice([None, *kinds[kind]]) if number < 8 else None
            made = await ledger.category(f"C{number}", kind, above)
            kinds[kind].append(made)
            self.parents[made] = above
        for _ in range(60):
            await self._entry(ledger, kinds)
        for _ in range(8):
            await self._transfer(ledger)
        gone = chance.sample(await self._pages(), 6)
        for one in gone:
            if one["transfer_id"] is None:
                await self.room.ask("DELETE", f"/transactions/{one['id']}")
        self.listed = await self._pages()
        return self

    def amount(self, currency: str) -> str:
        """Return a random amount."""
        minor = Decimal(self.chance.randint(1, 100_000))
        return f"{minor.scaleb(-CURRENCIES[currency])}"

    def when(self) -> str:
        """Return a day, or a moment near the border of one."""
        day = self.chance.choice(DAYS)
        if self.chance.random() < 0.5:
            return day.isoformat()
        hour, minute = self.chance.choice([0, 1, 5, 12, 18, 22, 23]), self.chance.choice([0, 59])
        return f"{day}T{hour:02}:{minute:02}:00Z"

    async def _entry(self, ledger: Ledger, kinds: dict[str, list[str]]) -> None:
        account = self.chance.choice(self.accounts)
        kind = self.chance.choice(["income", "expense", "expense"])
        amount = self.amount(account["currency"])
        more: Json = {}
        if self.chance.random() < 0.3:
            whole, exponent = Decimal(amount), -CURRENCIES[account["currency"]]
            part = (whole / 3).quantize(Decimal(1).scaleb(exponent))
            parts = [part, whole - part] if 0 < part < whole else [whole]
            more["splits"] = [
                {"category_id": self.chance.choice(kinds[kind]), "amount": f"{one:f}"}
                for one in parts
            ]
        elif self.chance.random() < 0.8:
            more["category_id"] = self.chance.choice(kinds[kind])
        await ledger.book(account["id"], kind, amount, self.when(), **more)

    async def _transfer(self, ledger: Ledger) -> None:
        source, target = self.chance.sample(self.accounts, 2)
        more: Json = {}
        if source["currency"] != target["currency"]:
            more["to_amount"] = self.amount(target["currency"])
        amount = self.amount(source["currency"])
        await ledger.move(source["id"], target["id"], amount, self.when(), **more)

    def lineage(self, category: str | None) -> set[str]:
        """Return a category and all above it."""
        found: set[str] = set()
        while category is not None:
            found.add(category)
            category = self.parents[category]
        return found

    async def _pages(self) -> list[Json]:
        found: list[Json] = []
        cursor: Json = {}
        while True:
            page = await self.room.get("/transactions", limit=17, **cursor)
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}


@pytest.fixture(params=SEEDS)
async def world(cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with opened(cluster) as room:
        yield await World(room, random.Random(request.param)).made()


def day_in(one: Json, zone: str, home: str) -> date:
    """Return the day of a transaction in a zone."""
    if one["at"] is None or zone == home:
        return date.fromisoformat(one["date"])
    return datetime.fromisoformat(one["at"]).astimezone(ZoneInfo(zone)).date()


def signed(one: Json) -> Decimal:
    """Return the amount, negative where money went out."""
    went_out = one["type"] == "expense" or one["direction"] == "out"
    return -Decimal(one["amount"]) if went_out else Decimal(one["amount"])


def of(money: Json) -> Decimal:
    return Decimal(money["amount"])


class Sums(defaultdict[Any, Decimal]):
    """Sums by whatever key; what was never added to is zero."""

    def __init__(self) -> None:
        super().__init__(Decimal)

    def kept(self) -> dict[Any, Decimal]:
        """Return those that are not zero."""
        return {key: value for key, value in self.items() if value}


def parts(one: Json) -> Sequence[tuple[str | None, Decimal]]:
    """Return the categories of a transaction, each with its part."""
    if one["splits"]:
        return [(part["category_id"], Decimal(part["amount"])) for part in one["splits"]]
    return [(one["category_id"], Decimal(one["amount"]))]


@dataclass(frozen=True)
class Asked:
    """A range of days in a zone, and the transactions that must be in it."""

    world: World
    first: date
    last: date
    zone: str

    @property
    def query(self) -> Json:
        return {"from": self.first.isoformat(), "to": self.last.isoformat(), "tz": self.zone}

    def day(self, one: Json) -> date:
        return day_in(one, self.zone, self.world.zone)

    @property
    def inside(self) -> list[Json]:
        return [one for one in self.world.listed if self.first <= self.day(one) <= self.last]

    @property
    def entries(self) -> list[Json]:
        return [one for one in self.inside if one["type"] != "transfer"]

    async def report(self, path: str, **more: Any) -> Json:
        return await self.world.room.get(f"/reports/{path}", **self.query, **more)


def asked(world: World) -> list[Asked]:
    """Return ranges of several lengths, in the book's zone and in others."""
    ranges = []
    for zone in (world.zone, *world.chance.sample(ZONES, 2)):
        first, last = sorted(world.chance.sample(DAYS, 2))
        ranges += [Asked(world, first, last, zone), Asked(world, first, first, zone)]
    return [*ranges, Asked(world, date(2024, 1, 1), date(2025, 12, 31), world.zone)]


async def test_lists_and_reports_mean_the_same_range(world: World) -> None:
    for one in asked(world):
        page = await world.room.get("/transactions", limit=100, **one.query)
        assert {entry["id"] for entry in page["items"]} == {entry["id"] for entry in one.inside}


async def test_a_summary_is_the_sum_of_the_list(world: World) -> None:
    for one in asked(world):
        expected, counted = Sums(), Sums()
        for entry in one.entries:
            expected[entry["currency"], entry["type"]] += Decimal(entry["amount"])
            counted[entry["currency"]] += 1
        report = await one.report("summary")
        found = Sums()
        for totals in report["currencies"]:
            found[totals["currency"], "income"] += of(totals["income"])
            found[totals["currency"], "expense"] += of(totals["expense"])
            assert of(totals["balance"]) == of(totals["income"]) - of(totals["expense"])
            assert totals["transactions"] == counted[totals["currency"]]
        assert found.kept() == expected


@pytest.mark.parametrize("level", ["own", "top"])
async def test_categories_are_the_sums_of_the_list(world: World, level: str) -> None:
    def shown(category: str | None) -> str | None:
        while level == "top" and category is not None and world.parents[category] is not None:
            category = world.parents[category]
        return category

    for one in asked(world):
        expected = Sums()
        counted: dict[Any, set[str]] = defaultdict(set)
        for entry in one.entries:
            for category, amount in parts(entry):
                key = entry["currency"], entry["type"], shown(category)
                expected[key] += amount
                counted[key].add(entry["id"])
        report = await one.report("by-category", level=level)
        found: dict[Any, Decimal] = {}
        for group in report["currencies"]:
            for figure in group["categories"]:
                category = figure["category"] and figure["category"]["id"]
                key = group["currency"], group["type"], category
                found[key] = Decimal(figure["amount"])
                assert figure["transactions"] == len(counted[key])
            assert sum(Decimal(figure["share"]) for figure in group["categories"]) == 100
            assert of(group["total"]) == sum(
                Decimal(figure["amount"]) for figure in group["categories"]
            )
        assert found == expected


async def test_what_is_compared_is_the_sum_of_the_list_before(world: World) -> None:
    for one in asked(world):
        summary = await one.report("summary", compare=True)
        edges = (date.fromisoformat(summary["compared_with"][edge]) for edge in ("from", "to"))
        before = Asked(world, *edges, one.zone)
        assert before.last == one.first - timedelta(days=1)
        expected, by_category = Sums(), Sums()
        for entry in before.entries:
            expected[entry["currency"], entry["type"]] += Decimal(entry["amount"])
            for category, amount in parts(entry):
                by_category[entry["currency"], entry["type"], category] += amount
        found = Sums()
        for totals in summary["currencies"]:
            for kind in ("income", "expense"):
                found[totals["currency"], kind] += of(totals["previous"][kind])
        assert found.kept() == expected
        report = await one.report("by-category", compare=True)
        found = Sums()
        for group in report["currencies"]:
            for figure in group["categories"]:
                category = figure["category"] and figure["category"]["id"]
                key = group["currency"], group["type"], category
                found[key] += Decimal(figure["previous"])
        assert found.kept() == by_category


async def test_what_is_used_of_budgets_is_the_sum_of_the_list(world: World) -> None:
    begun = date(2024, 2, 1)
    spent = (await world.room.get("/categories", type="expense"))["items"]
    for category in spent:
        for currency in CURRENCIES:
            body = {"category_id": category["id"], "currency": currency, "amount": "100"}
            await world.room.make("/budgets", **body, month=f"{begun:%Y-%m}", carry_over=True)

    def used(category: str, currency: str, first: date, until: date) -> Decimal:
        """Return what the list has of a category and all below it."""
        return sum(
            (
                amount
                for entry in world.listed
                if entry["type"] == "expense" and entry["currency"] == currency
                if first <= date.fromisoformat(entry["date"]) < until
                for own, amount in parts(entry)
                if category in world.lineage(own)
            ),
            Decimal(0),
        )

    for months, month in enumerate(months_later(begun, n) for n in range(12)):
        found = (await world.room.get("/budgets", month=f"{month:%Y-%m}"))["items"]
        assert len(found) == len(spent) * len(CURRENCIES)
        for one in found:
            of_it = one["category_id"], one["used"]["currency"]
            assert of(one["used"]) == used(*of_it, month, months_later(month, 1))
            assert of(one["carried"]) == 100 * months - used(*of_it, begun, month)
            assert of(one["left"]) == 100 + of(one["carried"]) - of(one["used"])


@pytest.mark.parametrize("by", ["day", "week", "month"])
async def test_a_series_is_the_list_bucket_by_bucket(world: World, by: str) -> None:
    for one in asked(world):
        report = await one.report("series", by=by)
        left = {entry["id"] for entry in one.entries}
        for series in report["currencies"]:
            begins = one.first
            for bucket in series["buckets"]:
                first, last = map(date.fromisoformat, (bucket["from"], bucket["to"]))
                assert first == begins
                begins = last + timedelta(days=1)
                entries = [
                    entry
                    for entry in one.entries
                    if entry["currency"] == series["currency"] and first <= one.day(entry) <= last
                ]
                left -= {entry["id"] for entry in entries}
                for kind in ("income", "expense"):
                    assert of(bucket[kind]) == sum(
                        Decimal(entry["amount"]) for entry in entries if entry["type"] == kind
                    )
            assert begins == one.last + timedelta(days=1)
        assert left == set()


async def test_cash_flows_and_net_worth_are_openings_and_the_list(world: World) -> None:
    for one in asked(world):
        flows = (await one.report("cash-flow"))["accounts"]
        worth = Sums()
        accounts = {account["id"]: account for account in world.accounts}
        assert {flow["account_id"] for flow in flows} == set(accounts)
        for flow in flows:
            account = accounts[flow["account_id"]]
            own = [entry for entry in world.listed if entry["account_id"] == account["id"]]
            opening = of(account["opening_balance"])
            before = sum(signed(entry) for entry in own if one.day(entry) < one.first)
            moved = sum(signed(entry) for entry in own if entry in one.inside)
            assert of(flow["opening"]) == opening + before
            assert of(flow["closing"]) == opening + before + moved
            for name, kind, sign in (
                ("income", "income", 1),
                ("expense", "expense", -1),
                ("transfers_in", "transfer", 1),
                ("transfers_out", "transfer", -1),
            ):
                assert of(flow[name]) == sum(
                    abs(signed(entry))
                    for entry in own
                    if entry in one.inside and entry["type"] == kind and sign * signed(entry) > 0
                )
            worth[account["currency"]] += of(flow["closing"])
        report = await one.report("net-worth", by="month")
        found = {series["currency"]: series["points"][-1] for series in report["currencies"]}
        assert {currency: of(point["worth"]) for currency, point in found.items()} == worth
        assert {point["date"] for point in found.values()} == {one.last.isoformat()}


@pytest.mark.parametrize(
    ("path", "listed", "figures"),
    [
        ("series", "currencies", "buckets"),
        ("net-worth", "currencies", "points"),
        ("cash-flow", "accounts", None),
    ],
)
async def test_what_a_report_is_compared_with_is_that_of_the_period_before(
    world: World, path: str, listed: str, figures: str | None
) -> None:
    for one in asked(world):
        by = {} if figures is None else {"by": "week"}
        alone = await one.report(path, **by)
        report = await one.report(path, **by, compare="true")
        edges = [date.fromisoformat(report["compared_with"][edge]) for edge in ("from", "to")]
        earlier = replace(one, first=edges[0], last=edges[1])
        assert earlier.last == one.first - timedelta(days=1)
        before = named(await earlier.report(path, **by), listed)
        now = named(alone, listed)
        assert named(report, listed).keys() == now.keys() | before.keys()
        for key, found in named(report, listed).items():
            previous = found.pop("previous")
            if key in before:
                assert previous == figures_of(before[key], figures, previous)
            else:
                assert {of(bucket["balance"]) for bucket in previous} == {Decimal(0)}
            if key in now:
                assert found == {name: now[key][name] for name in found}


def named(report: Json, listed: str) -> dict[str, Json]:
    """Return what a report lists, by the account or else the currency."""
    return {one.get("account_id", one["currency"]): one for one in report[listed]}


def figures_of(shown: Json, figures: str | None, like: Any) -> Any:
    """Return the figures of what is shown: those of a name, or those that something else has."""
    return {name: shown[name] for name in like} if figures is None else shown[figures]
